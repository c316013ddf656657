import EgressModel
import JSONText

extension ObjectChecker {
    private static let metadataFields = [
        "name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp",
        "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences", "finalizers", "managedFields", "selfLink",
    ]
    /// Octets of all annotations of an object, keys and values (apimachinery, `TotalAnnotationSizeLimitB`).
    private static let annotationLimit = 256 * 1024

    /// What an API server would refuse or leave out of a policy's metadata.
    mutating func checkPolicyMetadata(_ metadata: JSONReader?) {
        warnOfUnknown(
            in: metadata, known: Self.metadataFields,
            pasted: [
                "label": PastedField("did you mean labels?"), "annotation": PastedField("did you mean annotations?"),
                "spec": PastedField("it belongs beside metadata: indent it less"),
            ])
        checkLabels(metadata?.value["labels"]?.objectValue)
        checkAnnotations(metadata?.value["annotations"]?.objectValue)
    }

    private mutating func checkLabels(_ labels: JSONObject?) {
        let path = JSONPath([.key("metadata"), .key("labels")])
        for member in labels?.members ?? [] {
            if !NameSyntax.isLabelKey(member.key) {
                report(
                    .error, .fieldType, path.appending(member.key), "\"\(member.key)\" is not a label key",
                    hint: "a key is NAME or PREFIX/NAME; a name has letters, digits, '-', '_' and '.', at most 63", atKey: true)
            }
            if let value = member.value.stringValue, !NameSyntax.isLabelValue(value) {
                report(
                    .error, .fieldType, path.appending(member.key), "\"\(value)\" is not a label value",
                    hint: "letters, digits, '-', '_' and '.', at most 63, a letter or digit at both ends")
            }
        }
    }

    private mutating func checkAnnotations(_ annotations: JSONObject?) {
        let path = JSONPath([.key("metadata"), .key("annotations")])
        var size = 0
        for member in annotations?.members ?? [] {
            size += member.key.utf8.count + (member.value.stringValue?.utf8.count ?? 0)
            // API servers take capitals in the prefix of an annotation.
            if !NameSyntax.isLabelKey(member.key.lowercased()) {
                report(
                    .error, .fieldType, path.appending(member.key), "\"\(member.key)\" is not an annotation's key",
                    hint: "a key is NAME or PREFIX/NAME; a name has letters, digits, '-', '_' and '.', at most 63", atKey: true)
            }
        }
        if size > Self.annotationLimit {
            report(.error, .fieldType, path, "has \(size) octets, at most \(Self.annotationLimit) are allowed", atKey: true)
        }
    }
}
