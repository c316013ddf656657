import Foundation
import TestKit
import Testing

/// The image as `make image` left it.
enum Image {
    static let folder = Programs.top + "/.build/image"
    static let layout = folder + "/oci"

    /// `localhost/kubectl-egress:0.1.0`; `nil` where no image was built.
    static let name: String? = {
        guard let text = FileText.read("\(layout)/index.json"), let start = text.firstRange(of: #""org.opencontainers.image.ref.name":""#)
        else { return nil }
        return text[start.upperBound...].split(separator: "\"").first.map(String.init)
    }()

    /// A folder with `rootfs` and the image's own `config.json`, unpacked from the layout once for this process.
    static func bundle() throws -> String { try unpacked.get() }

    private static let unpacked = Result {
        guard let name else { throw TestKitError("there is no image: make image") }
        atexit { _ = try? Command.outcome(["rm", "-rf", Image.place]) }
        // Of processes that ended without us knowing.
        try Command.run(["sh", "-c", "rm -rf '\(folder)'/unpacked-*"])
        try Command.run(["umoci", "unpack", "--image", "\(layout):\(name)", place])
        return place
    }

    private static let place = "\(folder)/unpacked-\(getpid())"
}

/// `EGRESS_REQUIRE` with `image` in it makes a missing image a failure.
extension Trait where Self == ConditionTrait {
    static var requiresImage: Self {
        .enabled("image: needs root and .build/image; run make image") {
            let isThere = geteuid() == 0 && Image.name != nil
            let list = ProcessInfo.processInfo.environment["EGRESS_REQUIRE"] ?? ""
            if !isThere, list.split(separator: ",").contains("image") {
                throw TestKitError("EGRESS_REQUIRE names image: run make image as root")
            }
            return isThere
        }
    }
}
