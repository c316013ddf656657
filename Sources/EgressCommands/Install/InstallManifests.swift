import EgressModel
import EgressPorts
import JSONText
import KubeObjects

/// What `install` applies: the manifests that this program was built with.
struct InstallManifests: Sendable {
    /// The namespace of our own objects; agents and their RBAC name it.
    static let namespace = "kubectl-egress"
    static let policyDefinition = ObjectReference(kind: "CustomResourceDefinition", name: "ciliumegressgatewaypolicies.cilium.io")
    private static let definitionVersion = "apiextensions.k8s.io/v1"

    /// In the order of applying; what others refer to comes first.
    let objects: [Manifest]

    /// - Parameter image: of every container; a name without a tag gets this program's version.
    init(_ embedded: [EmbeddedManifest], image: String?) throws(CommandError) {
        let missing = embedded.filter(\.text.isEmpty).map { "deploy/\($0.name)" }
        guard !embedded.isEmpty, missing.isEmpty else {
            throw CommandError(
                "this build lacks manifests: \(embedded.isEmpty ? "deploy/" : missing.joined(separator: ", "))",
                hints: ["kubectl apply -k deploy/with-policy-crd, from the source, installs the same"])
        }
        var objects: [Manifest] = []
        for file in embedded {
            for document in KubeReading(file.text, file: "deploy/\(file.name)").documents {
                objects.append(Self.manifest(document, image: image))
            }
        }
        self.objects = objects
    }

    private static func manifest(_ document: KubeDocument, image: String?) -> Manifest {
        var object = document.json
        if document.kind == "DaemonSet" { object = withImage(object, image) }
        return Manifest(
            object: document.reference, apiVersion: document.apiVersion, json: object.text(sorted: true), place: document.place)
    }

    private static func withImage(_ object: JSONValue, _ image: String?) -> JSONValue {
        object.replacing(["spec", "template", "spec"]) { pod in
            var pod = pod
            for key in ["containers", "initContainers"] {
                pod = pod.replacing([key]) { list in
                    .array((list.arrayValue ?? []).map { $0.replacing(["image"]) { .string(image ?? tagged($0.stringValue ?? "")) } })
                }
            }
            return pod
        }
    }

    /// `localhost/kubectl-egress:0.1.0` of `localhost/kubectl-egress`; a port of a registry is no tag.
    private static func tagged(_ image: String) -> String {
        let last = image.split(separator: "/").last ?? ""
        return last.contains(":") || last.contains("@") ? image : "\(image):\(ProductVersion.current)"
    }

    var definitions: [Manifest] { objects.filter { $0.object.kind == "CustomResourceDefinition" } }
    var daemonSet: Manifest? { objects.first { $0.object.kind == "DaemonSet" } }

    func without(_ reference: ObjectReference) -> [Manifest] { objects.filter { $0.object != reference } }
}

extension Manifest {
    /// YAML as it stands in a file.
    var yamlText: String { (try? JSONValue(parsing: json))?.yamlText ?? "" }

    var resourceName: String { object.resourceName(apiVersion: apiVersion) }
}

extension JSONValue {
    /// The value with what stands at these keys changed; as it is where nothing stands there.
    func replacing(_ keys: [String], _ change: (JSONValue) -> JSONValue) -> JSONValue {
        guard let key = keys.first else { return change(self) }
        guard case .object(var object) = self, let inner = object[key] else { return self }
        object[key] = inner.replacing(Array(keys.dropFirst()), change)
        return .object(object)
    }
}
