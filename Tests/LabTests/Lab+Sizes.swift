import Foundation
import TestKit
import Testing

extension Lab {
    /// Nothing vanishes without a word between a pod and the world outside, in either family and direction.
    ///
    /// An ``UploadServer`` is outside. Most is the largest packet that its way takes.
    func checkSizes(of pod: String, octets: Int, most: Int, datagrams: LargeDatagrams) throws {
        let file = path.appendingPathComponent("upload").path
        #expect(FileManager.default.createFile(atPath: file, contents: Data(repeating: 0x65, count: octets)))
        // nginx has one file, of a mebibyte.
        let files = max(1, octets / 1_000_000)
        for outside in [Lab.outside, "[\(Lab.outside6)]"] {
            let name = "\(pod), \(outside), at most \(most)"
            let fetched = (0..<files).flatMap { _ in ["-o", "/dev/null", "http://\(outside)/big"] }
            let down = try run("exec", [pod, "curl", "-gsS", "--max-time", "15", "-w", "%{size_download} "] + fetched)
            #expect(down.output == String(repeating: "1048576 ", count: files), "\(name): \(down.errors)")
            let up = try exec(pod, "curl", "-gsS", "--max-time", "15", "-T", file, "http://\(outside):8080/")
            #expect(up.output == "\(octets)", "\(name): \(up.errors)")
            #expect(try datagrams.exchange(from: pod, outside) == "3000", "\(name)")
        }
        try checkPings(of: pod, most: most)
    }

    /// With "don't fragment": what fits goes there and back, and what doesn't is answered with how much does.
    private func checkPings(of pod: String, most: Int) throws {
        for (outside, headers) in [(Lab.outside, 28), (Lab.outside6, 48)] {
            let fits = try exec(pod, "ping", "-M", "do", "-c", "1", "-W", "2", "-s", "\(most - headers)", outside)
            #expect(fits.succeeded, "\(pod) to \(outside): \(fits.output)")
            guard most < 1500 else { continue }
            let large = try exec(pod, "ping", "-M", "do", "-c", "1", "-W", "1", "-s", "\(1500 - headers)", outside)
            #expect(!large.succeeded)
            let told = large.output + large.errors
            #expect(
                told.contains("mtu = \(most)") || told.contains("mtu=\(most)") || told.contains("mtu: \(most)"),
                "\(pod) to \(outside): \(told)")
        }
    }
}
