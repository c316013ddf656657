// SPDX-License-Identifier: Apache-2.0
import Glibc
import TestKit
import Testing

@testable import PluginHost

/// `make install` gives an author outside of this repository all that a module needs.
@Suite struct InstallTests {
    private func make(_ target: String, _ root: ModuleFolder) throws -> String {
        try Command.run(
            ["make", "-s", "-C", project, target, "DESTDIR=\(root.path)/dest", "PREFIX=/opt/egress", "FROM=\(Programs.folder)"])
    }

    private func files(_ root: ModuleFolder) throws -> [String] {
        try Command.run(["/bin/sh", "-ec", "cd \(root.path)/dest/opt/egress; find . -type f | sort"]).split(separator: "\n").map(
            String.init)
    }

    /// Nothing but this is known to the author.
    private func configured(_ root: ModuleFolder, _ question: String) throws -> [String] {
        try Command.outcome(
            ["pkg-config", question, "kubectl-egress-plugin"],
            environment: [
                "PKG_CONFIG_LIBDIR": "\(root.path)/dest/opt/egress/share/pkgconfig", "PKG_CONFIG_SYSROOT_DIR": "\(root.path)/dest",
            ]
        ).output.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private let sourceInCpp = """
        #include <egress_plugin.h>
        #include <cstring>
        #include <string>
        namespace {
        int32_t say(egress_text *text, const std::string &words, int32_t status)
        {
            text->needed = words.size() + 1;
            if (text->capacity > 0) {
                size_t kept = words.size() < text->capacity ? words.size() : text->capacity - 1;
                std::memcpy(text->bytes, words.data(), kept);
                text->bytes[kept] = 0;
            }
            return status == EGRESS_PLUGIN_DONE && text->needed > text->capacity ? EGRESS_PLUGIN_BUFFER_SMALL : status;
        }
        int32_t open_instance(const egress_host *, const char *config, void **instance, egress_text *error)
        {
            *instance = nullptr;
            if (std::strcmp(config, "{}") != 0) return say(error, std::string("takes no fields: ").append(config, 0, 100), EGRESS_PLUGIN_BAD_CONFIG);
            *instance = new int(0);
            return EGRESS_PLUGIN_DONE;
        }
        int32_t resolve(void *, const char *request, egress_text *answer, egress_text *error)
        {
            const char *families = std::strstr(request, "\\"families\\":[\\"ipv4\\"");
            if (!families) return say(error, "there is IPv4 only", EGRESS_PLUGIN_NO_ADDRESS);
            return say(answer, "{\\"ipv4\\":[\\"198.51.100.7\\"]}", EGRESS_PLUGIN_DONE);
        }
        void close_instance(void **instance)
        {
            delete static_cast<int *>(*instance);
            *instance = nullptr;
        }
        const egress_plugin table = {sizeof(egress_plugin), EGRESS_PLUGIN_ABI, 0, "cpp", "1", open_instance, resolve, nullptr, close_instance};
        }
        __attribute__((visibility("default"))) const egress_plugin *egress_plugin_v1() { return &table; }
        """

    @Test func `a module compiles with nothing but pkg-config, as C and as C++`() async throws {
        let root = try ModuleFolder()
        _ = try make("install", root)
        let flags = try configured(root, "--cflags")
        #expect(flags == ["-I\(root.path)/dest/opt/egress/include"])
        try root.write(ConformingSource().text, to: "c.c")
        try root.write(sourceInCpp, to: "cpp.cc")
        let common = ["-Wall", "-fPIC", "-shared", "-fvisibility=hidden"] + flags
        try Command.run(["cc", "-std=gnu11"] + common + [root.file("c.c"), "-o", root.file("c.so")])
        // As plugin-check advises: templates of the C++ library are exported, whatever the visibility.
        try root.write("{ global: egress_plugin_v1; local: *; };", to: "exports.map")
        let linked = ["-Wl,--version-script=\(root.file("exports.map"))", root.file("cpp.cc"), "-o", root.file("cpp.so")]
        try Command.run(["c++", "-std=c++17", "-Wextra", "-Wpedantic", "-Werror"] + common + linked)
        #expect(try await root.check("c").hasPassed)
        let cpp = try await root.check("cpp")
        #expect(cpp.hasPassed, "\(cpp.text())")
    }

    @Test func `files are where they belong, with rights under which a helper loads modules, and go again`() async throws {
        let root = try ModuleFolder()
        _ = try make("install", root)
        let installed = try files(root)
        let wanted = [
            "./bin/egress-helper", "./bin/kubectl-egress", "./bin/kubectl_complete-egress", "./include/egress_plugin.h",
            "./lib/kubectl-egress/plugins/static.so", "./share/bash-completion/completions/kubectl-egress",
            "./share/fish/vendor_completions.d/kubectl-egress.fish", "./share/pkgconfig/kubectl-egress-plugin.pc",
            "./share/zsh/site-functions/_kubectl-egress",
        ]
        #expect(Set(wanted).subtracting(installed).isEmpty, "\(installed)")
        #expect(!installed.contains { $0.hasSuffix("sample.so") })
        let plugins = "\(root.path)/dest/opt/egress/lib/kubectl-egress/plugins"
        #expect(try Command.run(["stat", "-c", "%a", plugins, "\(plugins)/static.so"]) == "755\n644\n")
        if geteuid() == 0 { _ = try ModuleFile(checking: "\(plugins)/static.so") }
        #expect(
            try configured(root, "--variable=plugindir") == [plugins]
                || configured(root, "--variable=plugindir") == ["/opt/egress/lib/kubectl-egress/plugins"])
        #expect(try configured(root, "--modversion") == [try version()])
        try FileText.write("of somebody else", to: "\(plugins)/other.so")
        _ = try make("uninstall", root)
        #expect(try files(root) == ["./lib/kubectl-egress/plugins/other.so"])
    }

    private func version() throws -> String {
        let text = FileText.read("\(project)/Sources/EgressModel/ProductVersion.swift") ?? ""
        let parts = text.split(separator: "\"")
        return parts.count > 1 ? String(parts[1]) : ""
    }

    @Test func `make -n install can be read`() async throws {
        let lines = try Command.run(["make", "-n", "-C", project, "install", "DESTDIR=/tmp/nowhere", "FROM=\(Programs.folder)"])
        #expect(lines.contains("install -m 644 plugins/include/egress_plugin.h /tmp/nowhere/usr/local/include\n"), "\(lines)")
        #expect(lines.split(separator: "\n").count { $0.contains("install -") } <= 10)
    }
}
