// SPDX-License-Identifier: Apache-2.0
import Glibc
import PluginHost

// `PluginHostLauncher plugin-host /absolute/module.so`, as egress-helper does it.
guard CommandLine.arguments.count == 3, CommandLine.arguments[1] == "plugin-host" else { exit(64) }
exit(pluginHostMain(module: CommandLine.arguments[2]))
