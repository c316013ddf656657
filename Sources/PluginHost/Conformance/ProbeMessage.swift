// SPDX-License-Identifier: Apache-2.0
import JSONText

/// What the process that tries a module tells about it, over descriptor 3: one JSON object a line.
///
/// It says what it is about to do before it does it, so that a module that crashes or hangs has a place.
enum ProbeMessage: Hashable {
    /// About to do something that may take so many milliseconds.
    case step(String, milliseconds: Int)
    case finding(ConformanceFinding, about: ConformanceCheck, isWarning: Bool)
    case module(name: String, version: String)
    /// The check can't be made.
    case skipped(String)
    /// Everything was tried; now the process ends.
    case done

    var json: JSONValue {
        switch self {
        case .step(let what, let milliseconds): ["step": .string(what), "milliseconds": JSONValue(milliseconds)]
        case .finding(let finding, let check, let isWarning):
            [
                "finding": .string(finding.what), "advice": .string(finding.advice), "about": .string(check.rawValue),
                "warning": .bool(isWarning),
            ]
        case .module(let name, let version): ["module": .string(name), "version": .string(version)]
        case .skipped(let reason): ["skipped": .string(reason)]
        case .done: ["done": true]
        }
    }

    /// `nil` for what no probe says.
    init?(_ json: JSONValue) {
        if let what = json["step"]?.stringValue, let milliseconds: Int = json["milliseconds"]?.integerValue() {
            self = .step(what, milliseconds: milliseconds)
        } else if let what = json["finding"]?.stringValue, let advice = json["advice"]?.stringValue,
            let check = json["about"]?.stringValue.flatMap(ConformanceCheck.init(rawValue:)), let isWarning = json["warning"]?.boolValue
        {
            self = .finding(ConformanceFinding(what: what, advice: advice), about: check, isWarning: isWarning)
        } else if let name = json["module"]?.stringValue, let version = json["version"]?.stringValue {
            self = .module(name: name, version: version)
        } else if let reason = json["skipped"]?.stringValue {
            self = .skipped(reason)
        } else if json["done"] == true {
            self = .done
        } else {
            return nil
        }
    }
}

/// What a probe is told, as JSON on its standard input.
struct ProbeTask: Hashable {
    var check: ConformanceCheck
    var config: String
    var request: String
    /// Root may read the module, and nobody may not.
    var keepsUser: Bool
    /// That a call of the module may take.
    var milliseconds: Int

    var json: JSONValue {
        [
            "check": .string(check.rawValue), "config": .string(config), "request": .string(request), "keepsUser": .bool(keepsUser),
            "milliseconds": JSONValue(milliseconds),
        ]
    }

    init(check: ConformanceCheck, config: String, request: String, keepsUser: Bool, milliseconds: Int) {
        self.check = check
        self.config = config
        self.request = request
        self.keepsUser = keepsUser
        self.milliseconds = milliseconds
    }

    init?(_ json: JSONValue) {
        guard let check = json["check"]?.stringValue.flatMap(ConformanceCheck.init(rawValue:)), let config = json["config"]?.stringValue,
            let request = json["request"]?.stringValue, let keepsUser = json["keepsUser"]?.boolValue,
            let milliseconds: Int = json["milliseconds"]?.integerValue()
        else { return nil }
        self.init(check: check, config: config, request: request, keepsUser: keepsUser, milliseconds: milliseconds)
    }
}
