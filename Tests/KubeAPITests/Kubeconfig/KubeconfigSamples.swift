@testable import KubeAPI

/// Kubeconfigs of the matrix: each says one thing that people's files say.
enum KubeconfigSamples {
    static let certificate = "-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n"
    static let key = "-----BEGIN EC PRIVATE KEY-----\nMAo=\n-----END EC PRIVATE KEY-----\n"

    private static let certificateData = Base64.encode(Array(certificate.utf8))
    private static let keyData = Base64.encode(Array(key.utf8))

    static let files: [String: String] = [
        "ca.crt": certificate, "sub/ca.crt": certificate + certificate, "tls/client.crt": certificate, "tls/client.key": key,
        "tok": "  filetok\n\n", "empty": "", "comment": "# nothing\n", "null": "---\n---\nkind: Nope\n",
        "red": """
        apiVersion: v1
        kind: Config
        clusters:
        - {name: c1, cluster: {server: "https://192.0.2.1:6443", certificate-authority: ca.crt}}
        users:
        - {name: red, user: {token: redtok}}
        contexts:
        - {name: dev, context: {cluster: c1, user: red, namespace: ns-dev}}
        current-context: dev
        """,
        "sub/blue": """
        clusters:
        - name: c1
          cluster: {server: "https://192.0.2.9:6443", tls-server-name: other}
        - name: c2
          cluster:
            server: https://api.example:443/k8s/clusters/c-1
            certificate-authority: ca.crt
            tls-server-name: kubernetes
            disable-compression: true
            proxy-url: socks5://127.0.0.1:1080
            extensions:
            - {name: other, extension: {x: 1}}
            - {name: client.authentication.k8s.io/exec, extension: {audience: aud1}}
        users:
        - {name: red, user: {client-certificate: ../tls/client.crt, client-key: ../tls/client.key}}
        - {name: blue, user: {client-certificate: ../tls/client.crt, client-key: ./../tls/client.key, as: eve, as-uid: "7", as-groups: [a, b], as-user-extra: {k: [v, w]}}}
        contexts:
        - {name: prod, context: {cluster: c2, user: blue}}
        - {name: dev, context: {cluster: c2, user: blue}}
        current-context: prod
        """,
        "json": """
        {"kind":"Config","apiVersion":"v1","preferences":{},"clusters":[{"name":"j","cluster":{"server":"https://[fd00::1]:6443","insecure-skip-tls-verify":true}}],
        \t"users":[{"name":"j","user":{"username":"ann","password":"s3cret"}}],"contexts":[{"name":"j","context":{"cluster":"j","user":"j"}}],"current-context":"j"}
        """,
        "crlf":
            "\u{FEFF}clusters:\r\n- name: w\r\n  cluster: {server: 'https://192.0.2.7'}\r\nusers:\r\n- name: w\r\n  user: {tokenFile: tok}\r\ncontexts:\r\n- {name: w, context: {cluster: w, user: w}}\r\ncurrent-context: w\r\n",
        "data": """
        clusters: [{name: d, cluster: {server: "https://192.0.2.3:6443", certificate-authority-data: \(certificateData)}}]
        users: [{name: d, user: {client-certificate-data: \(certificateData), client-key-data: "\(keyData)", token: alsotoken}}]
        contexts: [{name: d, context: {cluster: d, user: d, namespace: 'yes'}}]
        current-context: d
        """,
        "duplicates": """
        clusters: []
        current-context: first
        clusters:
        - name: k
          cluster: {server: "https://192.0.2.4", server: "https://192.0.2.5", "server": "https://192.0.2.6"}
        users: [{name: k, user: {token: one, token: two}}]
        contexts: [{name: k, context: {cluster: k, user: k, namespace: a, namespace: b}}]
        current-context: k
        """,
        "anchors": """
        x-base: &base {server: "https://192.0.2.8", certificate-authority: ca.crt}
        clusters:
        - {name: a, cluster: *base}
        - {name: b, cluster: {<<: *base, tls-server-name: b}}
        users:
        - name: a
          user:
            token: >-
              folded
        contexts: [{name: a, context: {cluster: a, user: a}}, {name: b, context: {cluster: b, user: a}}]
        current-context: b
        unknown: {field: [1, 2]}
        """,
        "exec": """
        clusters: [{name: e, cluster: {server: "https://192.0.2.10"}}]
        users:
        - name: v1
          user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/cred, args: [a, "1"], env: [{name: A, value: b}], interactiveMode: Never, provideClusterInfo: true, installHint: get it}}
        - name: beta
          user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: cred}}
        - name: old
          user: {auth-provider: {name: oidc}, exec: null, token: null}
        contexts: [{name: e, context: {cluster: e, user: v1}}]
        """,
        "nulls":
            "apiVersion: v1\nclusters: null\ncontexts:\n- name: m\n  context: null\n- null\nusers:\n- {name: m, user: {}}\ncurrent-context: ~\n",
        "later": "---\nclusters: [{name: l, cluster: {server: 'https://192.0.2.11'}}]\n...\n---\nclusters: [\n",
    ]

    static let lists = [
        "red", "sub/blue", "red:sub/blue", "sub/blue:red", "red::missing:sub/blue:red:", "json", "crlf", "data", "duplicates", "anchors",
        "exec",
        "nulls", "later", "empty", "comment", "null", "missing", "empty:json:red:data", "nulls:exec:anchors", "missing:crlf:duplicates",
        "exec:json:sub/blue:red:data:anchors:crlf",
    ]

    static let selections: [[String]] = [
        ["KUBECONFIG=DIR/red"], ["--kubeconfig", "DIR/red"], ["KUBECONFIG=DIR/red:DIR/sub/blue", "--context", "prod"],
        ["KUBECONFIG=DIR/sub/blue:DIR/red"], ["KUBECONFIG=DIR/sub/blue:DIR/red", "--context", "dev"],
        ["--kubeconfig", "DIR/sub/blue", "--context", ""],
        ["KUBECONFIG=DIR/json"], ["--kubeconfig", "DIR/crlf"], ["--kubeconfig", "DIR/data"], ["--kubeconfig", "DIR/duplicates"],
        ["--kubeconfig", "DIR/anchors"], ["--kubeconfig", "DIR/anchors", "--context", "a"],
        ["KUBECONFIG=DIR/sub/blue:DIR/data", "--context", "d"],
        ["KUBECONFIG=DIR/missing::DIR/json"], ["KUBECONFIG=DIR/json", "--kubeconfig", "DIR/red"],
    ]
}
