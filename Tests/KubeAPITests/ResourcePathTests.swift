import Testing

@testable import KubeAPI

@Suite struct ResourcePathTests {
    @Test func `a path has group, namespace, name and subresource, percent-encoded`() {
        #expect(
            ResourcePath.pods.inside("default").named("web-0", subresource: "status").path == "/api/v1/namespaces/default/pods/web-0/status"
        )
        #expect(ResourcePath.policies.named("a/b?").path == "/apis/cilium.io/v2/ciliumegressgatewaypolicies/a%2Fb%3F")
    }
}
