import Foundation
import TestKit

/// A module that does what a file tells it: well at first, then wrong in every way that a module can be.
///
/// The file has a word, and an address for a good answer. Every answer holds for a second, so that the file counts soon.
struct WildModule {
    /// The folder of modules for the lab's helpers; root's alone.
    let folder: URL
    private var behaviour: URL { folder.appendingPathComponent("behaviour") }

    /// Compiles the module, and puts the project's own beside it.
    init(in folder: URL) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let source = folder.appendingPathComponent("wild.c")
        try Data(Self.text(behaviour.path).utf8).write(to: source)
        try Command.run([
            "cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-I\(Programs.top)/plugins/include", source.path, "-o",
            folder.appendingPathComponent("wild.so").path,
        ])
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(Programs.top)/.build/plugins") where name.hasSuffix(".so") {
            try FileManager.default.copyItem(
                atPath: "\(Programs.top)/.build/plugins/\(name)", toPath: folder.appendingPathComponent(name).path)
        }
        try behave("good 198.51.100.100")
    }

    /// How many modules the folder has.
    var count: Int {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).count { $0.hasSuffix(".so") } }
    }

    /// From the next question on; the module's process may read it, and nobody but root may write it.
    func behave(_ words: String) throws {
        try Data((words + "\n").utf8).write(to: behaviour, options: .atomic)
        chmod(behaviour.path, 0o644)
    }

    private static func text(_ behaviour: String) -> String {
        """
        #define _GNU_SOURCE
        #include "egress_plugin.h"
        #include <fcntl.h>
        #include <signal.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>

        static const struct egress_host *kept;

        static int32_t wild_open(const struct egress_host *host, const char *config, void **instance, struct egress_text *error)
        {
            (void)config;
            (void)error;
            kept = host;
            *instance = &kept;
            return EGRESS_PLUGIN_DONE;
        }

        static int32_t give(struct egress_text *answer, const char *address)
        {
            answer->needed = 1 + (size_t)snprintf(answer->bytes, answer->capacity,
                "{\\"ipv4\\":[\\"%s\\"],\\"validSeconds\\":1}", address);
            return answer->needed > answer->capacity ? EGRESS_PLUGIN_BUFFER_SMALL : EGRESS_PLUGIN_DONE;
        }

        static void noise(void)
        {
            for (int i = 0; i < 100000; i++)
                kept->log(kept->context, EGRESS_PLUGIN_ERROR, "flood");
            for (int i = 0; i < 20000; i++)
                if (write(1, "more of it\\n", 11) < 0)
                    break;
        }

        static int32_t wild_resolve(void *instance, const char *request, struct egress_text *answer, struct egress_text *error)
        {
            char word[32] = "", address[64] = "";
            FILE *file = fopen("\(behaviour)", "re");

            (void)instance;
            (void)request;
            error->needed = 1 + (size_t)snprintf(error->bytes, error->capacity, "told to");
            if (!file || fscanf(file, "%31s %63s", word, address) < 1)
                return EGRESS_PLUGIN_RETRY;
            fclose(file);
            if (!strcmp(word, "crash"))
                *(volatile int *)(kept - kept) = 1;
            if (!strcmp(word, "abort"))
                abort();
            if (!strcmp(word, "exit"))
                _exit(0);
            if (!strcmp(word, "hang"))
                for (;;)
                    pause();
            if (!strcmp(word, "stop"))
                raise(19);
            if (!strcmp(word, "nonsense"))
                return give(answer, "no address at all");
            if (!strcmp(word, "garbage"))
                return write(3, "\\xff\\xfe{{{\\n", 6) < 0 ? EGRESS_PLUGIN_RETRY : give(answer, "198.51.100.100");
            if (!strcmp(word, "huge")) {
                char *many = malloc(10 << 20);

                memset(many, 'x', 10 << 20);
                for (size_t done = 0; done < 10 << 20;) {
                    ssize_t count = write(3, many + done, (10 << 20) - done);
                    if (count < 0)
                        break;
                    done += (size_t)count;
                }
            }
            if (!strcmp(word, "grow"))
                for (;;) {
                    char *more = malloc(64 << 20);
                    if (!more)
                        abort();
                    memset(more, 1, 64 << 20);
                }
            if (!strcmp(word, "refuse"))
                return EGRESS_PLUGIN_BAD_CONFIG;
            if (!strcmp(word, "retry"))
                return EGRESS_PLUGIN_RETRY;
            if (!strcmp(word, "none"))
                return EGRESS_PLUGIN_NO_ADDRESS;
            if (!strcmp(word, "noise"))
                noise();
            if (!strcmp(word, "fork"))
                for (int i = 0; i < 10; i++)
                    if (fork() == 0)
                        for (;;)
                            pause();
            if (!strcmp(word, "leak"))
                for (int i = 0; i < 40; i++)
                    if (open("/dev/null", O_RDONLY) < 0)
                        break;
            return give(answer, address);
        }

        static void wild_close(void **instance)
        {
            *instance = NULL;
        }

        static const struct egress_plugin table = {
            .size = sizeof(table), .abi = EGRESS_PLUGIN_ABI, .name = "wild", .version = "6.6",
            .open = wild_open, .resolve = wild_resolve, .close = wild_close,
        };

        const struct egress_plugin *egress_plugin_v1(void)
        {
            return &table;
        }
        """
    }
}
