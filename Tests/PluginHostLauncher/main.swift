// SPDX-License-Identifier: Apache-2.0
import Glibc
import PluginHost

// `PluginHostLauncher plugin-host /absolute/module.so`, and plugin-probe, as egress-helper does them.
guard CommandLine.arguments.count == 3 else { exit(64) }
switch CommandLine.arguments[1] {
case "plugin-host": exit(pluginHostMain(module: CommandLine.arguments[2]))
case "plugin-probe": exit(pluginProbeMain(module: CommandLine.arguments[2]))
default: exit(64)
}
