import Testing

@testable import EgressCommands

@Suite struct FlagNormaliserTests {
    private func parse(_ line: String) throws -> NormalisedArguments {
        try NormalisedArguments(line.split(separator: " ").map(String.init), tree: CommandTree.egress.get())
    }

    private func refusal(_ words: [String]) -> String {
        do {
            let parsed = try NormalisedArguments(words, tree: CommandTree.egress.get())
            return "took \(parsed.arguments)"
        } catch {
            return (error as? CommandError)?.lines.first ?? "\(error)"
        }
    }

    @Test(arguments: [
        "status -n x", "status -n=x", "status -nx", "status --namespace x", "status --namespace=x", "-n x status", "--namespace=x status",
        "-nx status",
    ])
    func `a namespace is spelled in every way that kubectl takes`(line: String) throws {
        let parsed = try parse(line)
        #expect(parsed.command == ["status"])
        #expect(parsed.flags == ["--namespace=x"])
        #expect(parsed.positionals.isEmpty)
    }

    @Test func `short switches join, and the last may take a value`() throws {
        #expect(try parse("status -Aw").flags == ["--all-namespaces=true", "--watch=true"])
        #expect(try parse("status -Awojson").flags == ["--all-namespaces=true", "--watch=true", "--output=json"])
        #expect(try parse("status -Awo json p").positionals == ["p"])
    }

    @Test func `flags stand after positionals`() throws {
        let parsed = try parse("explain pod web -n shop --to 203.0.113.80:443 -o json")
        #expect(parsed.command == ["explain", "pod"])
        #expect(parsed.positionals == ["web"])
        #expect(parsed.flags == ["--namespace=shop", "--to=203.0.113.80:443", "--output=json"])
    }

    @Test func `two hyphens end the flags`() throws {
        let parsed = try parse("status -o json -- -n p")
        #expect(parsed.positionals == ["-n", "p"])
        #expect(parsed.flags == ["--output=json"])
    }

    @Test func `a what-if takes the next word only where it is a label`() throws {
        let both = try parse("explain pod web --what-if a=b --what-if c- --what-if=d=e")
        #expect(both.flags == ["--what-if=a=b", "--what-if=c-", "--what-if=d=e"])
        #expect(both.positionals == ["web"])
        let bare = try parse("explain pod --what-if web -f p.yaml")
        #expect(bare.flags == ["--what-if=", "--filename=p.yaml"])
        #expect(bare.positionals == ["web"])
        #expect(bare.arguments == ["explain", "pod", "--what-if", "", "--filename=p.yaml", "--", "web"])
        #expect(try parse("explain pod web --what-if -f -").flags == ["--what-if=", "--filename=-"])
        #expect(try parse("explain pod web --what-if").flags == ["--what-if="])
    }

    @Test func `a value may begin with a hyphen`() throws {
        #expect(try parse("status -n -x").flags == ["--namespace=-x"])
        #expect(try parse("apply -f -").flags == ["--filename=-"])
        #expect(try parse("apply -f-").flags == ["--filename=-"])
        #expect(try parse("status --token --insecure").flags == ["--token=--insecure"])
    }

    @Test(arguments: [("true", "true"), ("T", "true"), ("1", "true"), ("false", "false"), ("F", "false"), ("0", "false")])
    func `a switch takes Go's words for true and false`(word: String, meaning: String) throws {
        #expect(try parse("status --watch=\(word)").flags == ["--watch=\(meaning)"])
        #expect(try parse("status -w=\(word)").flags == ["--watch=\(meaning)"])
    }

    @Test func `a switch doesn't swallow the next word`() throws {
        #expect(try parse("status --watch false").positionals == ["false"])
    }

    @Test func `a flag with an implied value takes another after an equals sign only`() throws {
        #expect(try parse("apply -f x --dry-run").flags == ["--filename=x", "--dry-run=client"])
        #expect(try parse("apply -f x --dry-run=none").flags == ["--filename=x", "--dry-run=none"])
    }

    @Test func `the last of several values counts, but for flags that gather them`() throws {
        #expect(try parse("status -n a -n b").flags == ["--namespace=b"])
        #expect(try parse("apply -f a -f b").flags == ["--filename=a", "--filename=b"])
    }

    @Test func `an empty value is a value`() throws {
        #expect(try NormalisedArguments(["status", "--namespace="], tree: CommandTree.egress.get()).flags == ["--namespace="])
        #expect(try NormalisedArguments(["status", "-n", ""], tree: CommandTree.egress.get()).flags == ["--namespace="])
    }

    @Test func `an object is named in one word as kubectl does`() throws {
        let parsed = try parse("explain pod/web")
        #expect(parsed.command == ["explain", "pod"])
        #expect(parsed.positionals == ["web"])
    }

    @Test func `help is asked for anywhere`() throws {
        for line in ["--help", "status -h", "status p --help", "-h status", "status -Ah"] {
            #expect(try parse(line).wantsHelp, "\(line)")
        }
    }

    @Test func `every global flag is taken by every command`() throws {
        let line =
            "--kubeconfig a --context b --cluster c --user d -n e -A -s f --token g --as h --as-group i --as-group j --as-uid k"
            + " --request-timeout 5s --insecure-skip-tls-verify --certificate-authority l --client-certificate m --client-key n"
            + " --tls-server-name o -v 6 --snapshot p --socket q"
        for command in ["status", "list", "apply", "agent", "version", "completion", "explain pod", "help", "options"] {
            #expect(try parse("\(command) \(line)").flags.count == 21, "\(command)")
        }
    }

    @Test func `errors are in pflag's words`() {
        #expect(refusal(["status", "--foo"]) == "error: unknown flag: --foo")
        #expect(refusal(["status", "--foo=1"]) == "error: unknown flag: --foo")
        #expect(refusal(["status", "-xy"]) == "error: unknown shorthand flag: 'x' in -xy")
        #expect(refusal(["status", "-Ax"]) == "error: unknown shorthand flag: 'x' in -x")
        #expect(refusal(["status", "--namespace"]) == "error: flag needs an argument: --namespace")
        #expect(refusal(["status", "-n"]) == "error: flag needs an argument: 'n' in -n")
        #expect(refusal(["status", "--=x"]) == "error: bad flag syntax: --=x")
        #expect(
            refusal(["status", "--watch=maybe"])
                == "error: invalid argument \"maybe\" for \"-w, --watch\" flag: strconv.ParseBool: parsing \"maybe\": invalid syntax")
        #expect(refusal(["--node", "x", "status"]) == "error: unknown flag: --node")
        #expect(refusal(["version", "x"]) == "error: unexpected args: [x]")
    }

    @Test func `a mistyped command is answered with what it may have been`() async {
        let run = await Bench().run("statsu", snapshot: false)
        #expect(run.code == 1)
        #expect(run.output.isEmpty)
        #expect(
            run.error == """
                error: unknown command "statsu" for "kubectl egress"

                Did you mean this?
                \tstatus

                Run 'kubectl egress --help' for usage.

                """)
        #expect(
            await Bench().run("explain service x", snapshot: false).error.hasPrefix(
                "error: unknown command \"service\" for \"kubectl egress explain\"\n"))
    }

    @Test func `nothing a user types ends with the parser's own exit code`() async {
        for line in [
            "--foo", "status --foo", "status -n", "explain pod", "explain pod a b", "completion", "completion tcsh", "apply", "agent",
            "list x",
        ] {
            let run = await Bench().run(line.split(separator: " ").map(String.init), snapshot: false)
            #expect(run.code == 1, "\(line)")
            #expect(run.error.hasPrefix("error: "), "\(line): \(run.error)")
            #expect(run.output.isEmpty, "\(line)")
        }
    }
}
