import EgressModel
import TestRandom
import Testing

@testable import EgressCommands

/// Whatever is typed is read or refused in one line that names it. The same input on every run.
@Suite struct ArgumentFuzzTests {
    private func text(_ alphabet: [String], _ count: ClosedRange<Int>, _ random: inout SeededRandom) -> String {
        (0..<Int.random(in: count, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
    }

    @Test func `any --to is a destination or an error that says its form`() {
        let alphabet = [
            "203.0.113.80", "2001:db8::1", "example", ".com", ":", "443", "/tcp", "/", "[", "]", "0", "65535", "65536",
            "99999999999999999999",
            "-", "_", " ", "%eth0", "\u{0}", "é", "\u{1B}[2J", "/24", "udp", "sctp", "::", "@", "http://",
        ]
        var random = SeededRandom(seed: 41)
        var read = 0
        for _ in 0..<20_000 {
            let typed = text(alphabet, 0...5, &random)
            do throws(CommandError) {
                let destination = try DestinationText(typed)
                read += 1
                if let port = destination.port {
                    #expect(port > 0)
                    #expect(["tcp", "udp", "sctp"].contains(destination.transport))
                } else {
                    #expect(destination.transport == nil)
                }
                guard case .address(let address) = destination.host else { continue }
                let again = ResolvedDestination(address: address, port: destination.port, transport: destination.transport)
                #expect((try? DestinationText(again.text)) == destination, "\(typed)")
            } catch {
                #expect(error.lines.count == 1)
                #expect(error.lines.first?.hasPrefix("error: --to ") == true)
                #expect(!error.hints.isEmpty)
                #expect(error.lines.first?.unicodeScalars.contains("\u{1B}") == false)
            }
        }
        #expect(read > 500)
    }

    @Test func `any duration is a number of seconds that can be waited, or none`() throws {
        let alphabet = ["1", "0", "60", "9", ".", "5", "h", "m", "s", "ms", "-", "+", "e", " ", "999999999999", "inf", "nan", "٣", "µs"]
        var random = SeededRandom(seed: 42)
        var read = 0
        for _ in 0..<20_000 {
            let typed = text(alphabet, 0...5, &random)
            guard let seconds = seconds(fromDuration: typed) else { continue }
            read += 1
            #expect(seconds >= 0 && seconds <= 9_223_372_036, "\(typed)")
            #expect(Int64(exactly: (seconds * 1e9).rounded(.down)) != nil, "\(typed)")
        }
        #expect(read > 1000)
        #expect(seconds(fromDuration: String(repeating: "9", count: 308) + "h") == nil)
        #expect(seconds(fromDuration: String(repeating: "9", count: 400) + "h") == nil)
        #expect(seconds(fromDuration: "\(Int.max)") == nil)
        #expect(seconds(fromDuration: "9223372036") == 9_223_372_036)
        #expect(seconds(fromDuration: "1h1m1s1ms") == 3661.001)
    }

    @Test func `any words are a command line or one error`() throws {
        let tree = try CommandTree.egress.get()
        let words = [
            "status", "explain", "pod", "list", "apply", "lint", "-n", "-nx", "-n=", "-A", "-Aw", "-AA=false", "-w", "-o", "-ojson", "--to",
            "--to=",
            "--", "-", "---", "--=", "--=x", "-=", "--all-namespaces=maybe", "--all-namespaces=t", "--help", "-h", "--help=false", "help",
            "-f", "x",
            "", " ", "pod/web", "/", "--no-such", "-Z", "-é", "--namespace", "\u{0}", "--as-group=a", "--as-group=b", "-v", "9", "-v9",
            "\u{1B}",
        ]
        var random = SeededRandom(seed: 43)
        var read = 0
        for _ in 0..<4000 {
            let line = (0..<Int.random(in: 0...7, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
            do throws(CommandError) {
                let parsed = try NormalisedArguments(line, tree: tree)
                read += 1
                #expect(parsed.flags.allSatisfy { $0.hasPrefix("--") && $0.contains("=") }, "\(line)")
                // What was put in order stays as it is.
                guard !parsed.wantsHelp else { continue }
                let again = try NormalisedArguments(parsed.command + parsed.flags + ["--"] + parsed.positionals, tree: tree)
                if !parsed.positionals.contains(where: { $0.contains("/") }) || tree.path(parsed.command).last?.isGroup != true {
                    #expect(again == parsed, "\(line)")
                }
            } catch {
                #expect(!error.lines.isEmpty && error.exitCode == 1, "\(line)")
            }
        }
        #expect(read > 200)
    }

    /// Errors of the whole program are lines that a terminal can show, whatever was typed.
    @Test func `no argument brings control characters to the terminal`() async {
        var random = SeededRandom(seed: 44)
        let words = [
            "status", "explain", "pod", "-n", "\u{1B}]0;x\u{7}", "--\u{1B}[2J", "-o", "\u{9B}1m", "lint", "-f", "a\u{202E}b", "--to",
            "x\ry",
        ]
        for _ in 0..<100 {
            let line = (0..<Int.random(in: 0...5, using: &random)).map { _ in words.randomElement(using: &random) ?? "" }
            let run = await Bench().run(line)
            for scalar in (run.output + run.error).unicodeScalars {
                let isControl = scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || (0x7F...0x9F).contains(scalar.value)
                #expect(!isControl && scalar != "\u{202E}", "\(line): \(run.error)")
            }
        }
    }
}
