import Glibc
import JSONText
import TestKit
import Testing

@testable import KubeAPI

private let podsOfBench = getenv("EGRESS_BENCH_PODS").flatMap { Int(String(cString: $0)) } ?? 0

/// How much memory and time a list of many pods takes. `EGRESS_BENCH_PODS=150000 swift test -c release -Xswiftc
/// -enable-testing --filter PodListBench`; filling the server takes minutes.
@Suite(.requires(.api), .enabled("needs EGRESS_BENCH_PODS, a number of pods") { podsOfBench > 0 })
struct PodListBench {
    @Test func `150,000 pods are listed in under 400 MB`() async throws {
        let server = try APIServer.start(flags: ["--max-mutating-requests-inflight=400"])
        defer { server.stop() }
        let client = KubeClient(try .test(server))
        _ = try server.kubectl("create", "serviceaccount", "default")
        var clock = ContinuousClock.now
        try await fill(client)
        print("filled in \(ContinuousClock.now - clock)")
        for form in [ListQuery.Form.full, .metadata] {
            try FileText.write("5", to: "/proc/self/clear_refs")
            let before = Self.memory("VmRSS")
            let processor = Glibc.clock()
            clock = .now
            var pods = 0
            var pages = 0
            _ = try await client.list(.pods, ListQuery(form: form), restart: { pods = 0 }) { page in
                pods += page.items.count
                pages += 1
            }
            let time = ContinuousClock.now - clock
            let peak = Self.memory("VmHWM")
            print(
                "\(form): \(pods) pods in \(pages) pages, \(time), \(Double(Glibc.clock() - processor) / 1e6) s of processor, peak \(peak / 1024) MB, before \(before / 1024) MB"
            )
            #expect(pods == podsOfBench && peak < 400 << 10)
        }
    }

    /// kB, from /proc/self/status.
    private static func memory(_ name: String) -> Int {
        let line = FileText.read("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
    }

    private func fill(_ client: KubeClient) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for start in 0..<32 {
                group.addTask {
                    for number in stride(from: start, to: podsOfBench, by: 32) {
                        _ = try await client.create(.pods.inside("default"), Self.pod(number), dryRun: false)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Of the size that a Deployment's pod has, with what an API server adds: some 5 kB.
    static func pod(_ number: Int) -> JSONValue {
        let environment = (0..<12).map { JSONValue.object(["name": "SETTING_\($0)", "value": "the value of a setting, \($0)"]) }
        let container = { (name: String) -> JSONValue in
            [
                "name": .string(name), "image": "registry.example.org/shop/\(name):v1.2.3", "env": .array(environment),
                "ports": [["containerPort": 8080, "name": "http"]],
                "resources": ["limits": ["cpu": "1", "memory": "512Mi"], "requests": ["cpu": "100m", "memory": "256Mi"]],
                "livenessProbe": ["httpGet": ["path": "/healthz", "port": 8080], "periodSeconds": 10],
                "readinessProbe": ["httpGet": ["path": "/ready", "port": 8080], "periodSeconds": 5],
            ]
        }
        let labels: JSONObject = ["app": "shop-\(number % 500)", "pod-template-hash": "7d4c9b5f6", "team": "team-\(number % 40)"]
        return [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": "shop-\(number)", "labels": .object(labels), "annotations": ["prometheus.io/scrape": "true"]],
            "spec": [
                "nodeName": "node-\(number % 5000)", "containers": [container("web"), container("proxy")],
                "tolerations": [
                    ["key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300]
                ],
            ],
        ]
    }
}
