import EgressModel
import EgressPolicy
import JSONText
import TestKit
import Testing

@testable import EgressCommands

@Suite struct GraphTests {
    @Test(arguments: [("graph", "graph"), ("graph-one", "graph nobody"), ("graph-json", "graph egress-sample -o json")])
    func `a graph prints`(name: String, line: String) async throws {
        let run = await Bench().run(line)
        #expect(run.code == 0)
        for line in run.output.split(separator: "\n") where !name.hasSuffix("json") { #expect(line.count <= 80, "\(line)") }
        try expectGolden(run.output, name + ".txt")
    }

    @Test func `a policy that is not there is not found, and those that are there are named`() async {
        let run = await Bench().run("graph nosuch")
        #expect(run.code == 1)
        #expect(run.error.contains("\"nosuch\" not found"))
        #expect(run.error.contains("egress-sample"))
    }

    @Test func `a pod counts once on each edge, however many prefixes take it there`() async throws {
        let run = await Bench().run("graph -o json")
        let edges = try #require(run.json["edges"]?.arrayValue)
        let pods = await Bench().run("list -o json").json["rules"]?.arrayValue ?? []
        let expected = Set(pods.filter { $0["policy"] == "egress-sample" && $0["action"] == "gateway" }.compactMap { $0["pod"] }).count
        let edge = try #require(edges.first { $0["from"] == "policy/egress-sample" && $0["to"] == "node/node-2" })
        #expect(edge["pods"]?.integerValue(as: Int.self) == expected)
    }

    @Test func `one namespace's pods alone`() async throws {
        let boxes = await Bench().run("graph -n shop -o json").json["boxes"]?.arrayValue ?? []
        #expect(boxes.filter { $0["column"] == "namespace" }.map { $0["title"] } == ["shop"])
    }
}

extension GraphTests {
    /// `"` and a combining mark are one character of Swift's, and a quote that ends an attribute for a browser.
    @Test func `a quote under a combining mark is escaped like any other`() {
        #expect(escaped("a\"\u{301}b<\u{338}&'") == "a&quot;\u{301}b&lt;\u{338}&amp;&#39;")
    }
}

/// The page as a browser shows it.
@Suite(.requires(.browser)) struct GraphPageTests {
    /// Names that are too long, names that would be markup, many of everything.
    private static let page: String = {
        var boxes: [EgressGraph.Box] = []
        var edges: [EgressGraph.Edge] = []
        for number in 0..<5 {
            let title = "a-namespace-with-a-name-that-is-much-too-long-\(number)"
            boxes.append(.init(id: "namespace/\(number)", column: .namespaces, title: title, details: ["12 pods"]))
        }
        for number in 0..<9 {
            let details = ["203.0.113.0/24, 2001:db8:1111:2222:3333:4444:5555::/112", "except 198.51.100.0/24 +7"]
            let title = "<script>alert(\(number))</script>&\"'"
            boxes.append(.init(id: "policy/\(number)", column: .policies, title: title, details: details, state: .warning))
            for namespace in 0...(number % 5) {
                edges.append(.init(from: "namespace/\(namespace)", to: "policy/\(number)", policy: title, pods: 1 << number, state: .good))
            }
            edges.append(.init(from: "policy/\(number)", to: "node/\(number % 6)", policy: title, pods: 1 << number, state: .dropped))
        }
        for number in 0..<6 {
            boxes.append(.init(id: "node/\(number)", column: .gateways, title: "node-\(number)", details: ["192.0.2.\(number)"]))
            edges.append(.init(from: "node/\(number)", to: "dropped", policy: "p", pods: 100_000, state: .dropped))
        }
        let reason = "the gateway announced no address, and says so in a sentence that is longer than any box is wide (EG1105)"
        boxes.append(.init(id: "dropped", column: .addresses, title: "dropped", details: [reason], state: .dropped))
        return GraphPage(graph: EgressGraph(boxes: boxes, edges: edges), title: "Egress <b>", findings: []).text
    }()

    /// Tells where the browser put everything; the page itself allows no script.
    private static let measure = """
        <pre id="report"></pre><script>
        const boxes = [...document.querySelectorAll('g.box')].map(g => {
          const r = g.querySelector('rect').getBBox();
          const texts = [...g.querySelectorAll('text')].map(t => ({t: t.textContent, b: t.getBBox()}));
          return {title: texts[0].t, x: r.x, y: r.y, w: r.width, h: r.height, out: texts.filter(({b}) => b.x < r.x ||
            b.x + b.width > r.x + r.width || b.y < r.y || b.y + b.height > r.y + r.height).map(({t}) => t)};
        });
        const view = document.querySelector('svg').viewBox.baseVal;
        document.getElementById('report').textContent = JSON.stringify({boxes, width: view.width, height: view.height,
          edges: document.querySelectorAll('g.edge path').length, scripts: document.scripts.length});
        </script></body>
        """

    private func browse(_ arguments: [String], _ folder: TemporaryFolder, _ page: String) throws -> CommandOutcome {
        try Command.outcome(
            [
                "timeout", "60", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                "--user-data-dir=\(folder.path)/browser", "--window-size=1320,900",
            ] + arguments + ["file://\(folder.path)/\(page)"], environment: ["HOME": folder.path])
    }

    @Test func `every text is inside of its box, no box is over another, and names are no markup`() throws {
        let folder = try TemporaryFolder()
        // The measuring copy alone may run scripts.
        let open = Self.page.split(separator: "\n").filter { !$0.contains("Content-Security-Policy") }.joined(separator: "\n")
        try folder.write(open.replacing("</body>", with: Self.measure), to: "measured.html")
        let dom = try browse(["--dump-dom"], folder, "measured.html").output
        let start = try #require(dom.firstRange(of: "<pre id=\"report\">")).upperBound
        let end = try #require(dom[start...].firstRange(of: "</pre>")).lowerBound
        let text = dom[start..<end].replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&amp;", with: "&")
        let report = try JSONValue(parsing: text.utf8)
        let boxes = try #require(report["boxes"]?.arrayValue)
        #expect(boxes.count == 21)
        #expect(report["scripts"] == 1)
        #expect(report["edges"]?.integerValue(as: Int.self) == 40)
        for box in boxes { #expect(box["out"]?.arrayValue == [], "text leaves the box \(box["title"]?.stringValue ?? "")") }
        let (width, height) = (number(report["width"]), number(report["height"]))
        for (index, box) in boxes.enumerated() {
            #expect(number(box["x"]) + number(box["w"]) <= width && number(box["y"]) + number(box["h"]) <= height)
            for other in boxes[(index + 1)...] where number(box["x"]) == number(other["x"]) {
                let above = number(box["y"]) + number(box["h"]) <= number(other["y"])
                #expect(above || number(other["y"]) + number(other["h"]) <= number(box["y"]))
            }
        }
    }

    @Test func `the page shows a picture as it is, and loads nothing`() throws {
        #expect(Self.page.components(separatedBy: "://").count == 2, "SVG's name space alone has an address")
        let folder = try TemporaryFolder()
        try folder.write(Self.page, to: "page.html")
        let outcome = try browse(["--screenshot=\(folder.path)/page.png"], folder, "page.html")
        let kind = try Command.run(["python3", "-c", Self.colours, folder.path + "/page.png"])
        let words = kind.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
        #expect(outcome.errors.contains("bytes written"))
        // Width and height of the window, and how many pixels have the colours of good and of dropped.
        #expect(words.prefix(2) == [1320, 900])
        #expect(words.count == 4 && words.allSatisfy { $0 > 500 }, "\(words)")
    }

    /// Counts pixels of a PNG (8 bit RGB or RGBA, as Chromium writes it) with Python's own modules.
    private static let colours = """
        import struct, sys, zlib
        data = open(sys.argv[1], 'rb').read()
        width, height, depth, kind = struct.unpack('>IIBB', data[16:26])
        size = {2: 3, 6: 4}[kind]
        packed, at = b'', 8
        while at < len(data):
            length, name = struct.unpack('>I4s', data[at:at + 8])
            if name == b'IDAT': packed += data[at + 8:at + 8 + length]
            at += 12 + length
        raw, last, good, dropped = zlib.decompress(packed), bytearray(width * size), 0, 0
        for y in range(height):
            begin = y * (width * size + 1)
            how, line = raw[begin], bytearray(raw[begin + 1:begin + 1 + width * size])
            for x in range(width * size):
                a = line[x - size] if x >= size else 0
                b, c = last[x], last[x - size] if x >= size else 0
                p = a + b - c
                paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
                line[x] = (line[x] + [0, a, b, (a + b) // 2, paeth][how]) & 255
            last = line
            for x in range(0, width * size, size):
                r, g, b = line[x:x + 3]
                good += abs(r - 0x2f) + abs(g - 0x6f) + abs(b - 0x9f) < 90
                dropped += abs(r - 0xb3) + abs(g - 0x26) + abs(b - 0x1e) < 90
        print(width, height, good, dropped)
        """

    private func number(_ value: JSONValue?) -> Double {
        if case .number(let number) = value { return number }
        return value?.integerValue(as: Int.self).map(Double.init) ?? .nan
    }
}
