// SPDX-License-Identifier: Apache-2.0
import EgressPlan
import Glibc
import PluginHost
import TestKit
import Testing

/// What a module's process can't do, and what it can, as the module itself finds it.
@Suite(.requires(.lab))
struct SandboxTests {
    /// What a module says that tries `body`, which writes into `char found[]` by `note(name, result)`.
    private func found(_ body: String, before: String = "", executable: String? = nil, in folder: ModuleFolder) async throws -> String {
        let note = """
            #include <grp.h>
            #include <linux/netlink.h>
            #include <linux/rtnetlink.h>
            #include <sched.h>
            #include <spawn.h>
            #include <sys/mount.h>
            #include <sys/ptrace.h>
            static char found[4096];
            __attribute__((unused)) static void note(const char *name, long result)
            {
                int error = result < 0 ? errno : 0;
                sprintf(found + strlen(found), "%s=%s ", name, result < 0 ? strerrorname_np(error) : "done");
            }
            \(before)
            """
        let resolve = "\(body)\nsay(error, \"%s\", found); return 2;"
        try folder.compile("m", ModuleSource(name: "m", resolve: resolve, before: note).text)
        let host = try folder.host(executable: executable)
        let error = await #expect(throws: HelperError.self) { _ = try await host.resolve(strategy: "m", requestJSON: "{}") }
        #expect(error?.code == "plugin_refused", "\(error?.message ?? "")")
        return String((error?.message ?? "").dropFirst("the module m: ".count))
    }

    /// In a constructor, so before the host's first question: the sandbox is there before the module.
    @Test func `no new process, no other process, no mount, no namespace, from the first instruction on`() async throws {
        let tries = """
            __attribute__((constructor)) static void try_all(void)
            {
                char *arguments[] = {"/bin/true", NULL};
                pid_t pid, helper = getppid();
                siginfo_t info = {.si_signo = SIGTERM, .si_code = SI_QUEUE};
                struct rlimit none = {0};
                char byte;
                struct iovec here = {&byte, 1};
                note("fork", fork());
                note("vfork", syscall(SYS_clone, CLONE_VFORK | CLONE_VM | SIGCHLD, 0, 0, 0, 0));
                note("daemon", daemon(0, 1));
                errno = posix_spawn(&pid, "/bin/true", NULL, NULL, arguments, NULL);
                note("spawn", errno ? -1 : 0);
                note("execve", execve("/bin/true", arguments, NULL));
                note("execveat", syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, NULL, 0));
                note("ptrace", ptrace(PTRACE_TRACEME, 0, 0, 0));
                note("readv", syscall(SYS_process_vm_readv, helper, &here, 1, &here, 1, 0));
                note("pidfd", syscall(SYS_pidfd_send_signal, 3, 0, NULL, 0));
                note("kill", kill(helper, 0));
                note("kill-all", kill(-1, 0));
                note("kill-group", kill(0, 0));
                note("tgkill", syscall(SYS_tgkill, helper, helper, 0));
                note("queue", syscall(SYS_rt_sigqueueinfo, helper, SIGTERM, &info));
                note("setown", fcntl(3, F_SETOWN, helper));
                note("prlimit", prlimit(helper, RLIMIT_NOFILE, &none, NULL));
                note("renice", setpriority(PRIO_USER, 0, 19));
                note("mount", mount("none", "/tmp", "tmpfs", 0, NULL));
                note("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
                note("unshare", unshare(CLONE_NEWUSER));
                note("setns", setns(3, 0));
                note("bpf", syscall(SYS_bpf, 0, NULL, 0));
                note("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
                note("uring", syscall(SYS_io_uring_setup, 1, NULL));
                note("userfault", syscall(SYS_userfaultfd, 1));
                note("module", syscall(SYS_init_module, NULL, 0, ""));
                note("keyctl", syscall(SYS_keyctl, 0, 0, 0, 0, 0));
                note("orphan", prctl(PR_SET_PDEATHSIG, 0));
                note("dumpable", prctl(PR_SET_DUMPABLE, 1));
                note("other-table", syscall(SYS_getpid | 0x40000000));
            }
            """
        let seen = try await found("", before: tries, in: try ModuleFolder()).split(separator: " ")
        #expect(seen.count == 30)
        #expect(seen.filter { !$0.hasSuffix("=EPERM") && $0 != "other-table=ENOSYS" } == [])
    }

    @Test func `threads, sockets, routes, files to read and its own signals are there`() async throws {
        let body = """
            pthread_t thread; void *result = NULL;
            errno = pthread_create(&thread, NULL, work, &result);
            note("thread", errno ? -1 : 0);
            if (!errno) pthread_join(thread, &result);
            note("worked", result ? 0 : -1);
            struct { struct nlmsghdr header; struct rtgenmsg body; } ask = {
                {sizeof ask, RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {AF_INET}};
            char answers[4096];
            int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
            note("netlink", netlink);
            note("asked", send(netlink, &ask, sizeof ask, 0));
            note("routes", recv(netlink, answers, sizeof answers, 0));
            note("udp", socket(AF_INET, SOCK_DGRAM, 0));
            note("unix", socket(AF_UNIX, SOCK_STREAM, 0));
            note("file", open("/proc/self/stat", O_RDONLY));
            signal(SIGUSR1, SIG_IGN);
            note("raise", raise(SIGUSR1) ? -1 : 0);
            note("kill", kill(getpid(), 0));
            note("name", prctl(PR_SET_NAME, "module"));
            note("nice", setpriority(PRIO_PROCESS, 0, 15));
            """
        let seen = try await found(body, before: "static void *work(void *given) { return given; }", in: try ModuleFolder())
        #expect(seen.split(separator: " ").filter { !$0.hasSuffix("=done") } == [])
    }

    @Test func `files can't be written, and the process goes first when memory is short`() async throws {
        let folder = try ModuleFolder()
        try run("/bin/sh", ["-ec", "mkdir \(folder.file("open")) && chmod 1777 \(folder.file("open"))"])
        let body = """
            struct rlimit limit; char text[32] = ""; mode_t mask = umask(0);
            int file = open("\(folder.file("open"))/new", O_CREAT | O_WRONLY, 0644);
            note("made", file);
            note("write", write(file, "x", 1));
            note("truncate", ftruncate(file, 1 << 20));
            note("core", getrlimit(RLIMIT_CORE, &limit) || limit.rlim_max ? -1 : 0);
            note("session", getsid(0) == getpid() ? 0 : -1);
            note("mask", mask == 077 ? 0 : -1);
            file = open("/proc/self/oom_score_adj", O_RDONLY);
            if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
            note("oom", atoi(text) == 1000 ? 0 : -1);
            int signal = 0;
            prctl(PR_GET_PDEATHSIG, &signal);
            note("parent", signal == SIGKILL ? 0 : -1);
            size_t most = 0;
            while (most < 1UL << 40 && mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) most += 64 << 20;
            sprintf(found + strlen(found), "memory=%s ", most >= 64 << 20 && most <= 192 << 20 ? "done" : "wrong");
            note("shared", (long)mmap(NULL, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
            note("segment", syscall(SYS_shmget, 0, 4096, 0600));
            int zero = open("/dev/zero", O_RDWR);
            while (most < 1UL << 40 && mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0) != MAP_FAILED)
                most += 64 << 20;
            sprintf(found + strlen(found), "mapped=%s ", most >= 512 << 20 && most <= 2UL << 30 ? "done" : "wrong");
            while (open("/dev/null", O_RDONLY) >= 0) {}
            sprintf(found + strlen(found), "files=%s ", fcntl(255, F_GETFD) >= 0 && errno == EMFILE ? "done" : "wrong");
            """
        let seen = try await found(body, in: folder)
        #expect(
            seen.split(separator: " ") == [
                "made=done", "write=EFBIG", "truncate=EFBIG", "core=done", "session=done", "mask=done", "oom=done", "parent=done",
                "memory=done", "shared=EPERM", "segment=EPERM", "mapped=done", "files=done",
            ])
    }

    /// A program in C that stands between the host and the real launcher.
    private func wrapper(_ name: String, _ body: String, in folder: ModuleFolder) throws -> String {
        let text = """
            #define _GNU_SOURCE
            #include <errno.h>
            #include <linux/filter.h>
            #include <linux/seccomp.h>
            #include <stddef.h>
            #include <sys/syscall.h>
            #include <sys/wait.h>
            #include <unistd.h>
            int main(int count, char **arguments)
            {
                const char *real = "\(try folder.launcher())";
                \(body)
            }
            """
        try folder.write(text, to: "\(name).c")
        try run("/usr/bin/cc", ["-Wall", "-Werror", "-o", folder.file(name), folder.file("\(name).c")])
        return folder.file(name)
    }

    @Test func `a kernel without the filter is said, and a process that a module makes there ends with it`() async throws {
        let folder = try ModuleFolder()
        let refusing = try wrapper(
            "refusing",
            """
            struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
            };
            struct sock_fprog program = {sizeof code / sizeof *code, code};
            if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) return 99;
            return execv(real, arguments);
            """, in: folder)
        let fork =
            "pid_t child = fork(); if (!child) { close(3); for (;;) pause(); } return say(answer, \"{\\\"validSeconds\\\":%d}\", child);"
        try folder.compile("m", ModuleSource(name: "m", resolve: fork).text)
        let log = LogLines()
        func forked() async throws -> Int64? {
            let host = try folder.host(log: log, executable: refusing)
            let answer = try await host.resolve(strategy: "m", requestJSON: "{}")
            let status = try #require(await host.list().first)
            #expect(status.isHealthy)
            #expect(status.reason == "runs without a filter of system calls: Function not implemented")
            return answer.validSeconds
        }
        let child = try #require(try await forked().flatMap(pid_t.init(exactly:)))
        await expectEnd(of: child)
        #expect(log.lines.contains("warning: runs without a filter of system calls: Function not implemented"))
    }

    @Test func `a module that stopped itself ends with the helper, however that ends`() async throws {
        let folder = try ModuleFolder()
        // The helper of this test: it starts the process, and is killed.
        let parent = try wrapper(
            "parent",
            "pid_t child = vfork(); if (!child) { execv(real, arguments); _exit(99); } close(3); return waitpid(child, NULL, 0) < 0;",
            in: folder)
        let stop = "if (strstr(request_json, \"stop\")) raise(SIGSTOP);\nreturn say(answer, \"{\\\"validSeconds\\\":%d}\", getpid());"
        try folder.compile("m", ModuleSource(name: "m", resolve: stop).text)
        let patience = PluginPatience(start: .seconds(30), call: .seconds(2), restart: .seconds(60), look: .seconds(30))
        let host = try folder.host(patience: patience, executable: parent)
        let process = try #require(try await host.resolve(strategy: "m", requestJSON: "{}").validSeconds.flatMap(pid_t.init(exactly:)))
        await expect("plugin_failed", "did not answer within") { _ = try await host.resolve(strategy: "m", requestJSON: "{\"stop\":1}") }
        await expectEnd(of: process)
    }

    private func expectEnd(of process: pid_t) async {
        for _ in 0..<200 where isThere(process) { try? await Task.sleep(for: .milliseconds(20)) }
        #expect(!isThere(process))
    }

    /// One that ended and that nobody waits for is gone.
    private func isThere(_ process: pid_t) -> Bool {
        guard let status = FileText.read("/proc/\(process)/status") else { return false }
        return !status.contains("State:\tZ")
    }
}
