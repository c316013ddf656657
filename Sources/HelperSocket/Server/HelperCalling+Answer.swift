import EgressPlan
import EgressPorts
import EgressWire
import JSONText

extension HelperCalling {
    /// Runs a method that has one answer.
    func answer(_ method: HelperMethod, params: JSONReader) async throws -> JSONValue {
        switch method {
        case .status: return try await status().wire
        case .facts: return try await facts().wire
        case .state: return try await state().wire
        case .counters: return try await traffic().wire
        case .plugins: return PluginList(try await plugins()).wire
        case .plan:
            let inForce = try await plan()
            return PlanInForce(revision: inForce?.revision ?? 0, plan: inForce?.plan).wire
        case .applyPlan:
            let request = try PlanRequest(wire: params)
            return try await apply(request.plan, revision: request.revision).wire
        case .resolve:
            let request = try ResolveRequest(wire: params)
            return try await resolve(strategy: request.strategy, requestJSON: request.request.text()).wire
        case .translations, .ports, .trace: return try await see(method, params: params)
        case .watchFacts, .watchFlows, .cancel:
            throw HelperError.unknownMethod(method.rawValue)
        }
    }
}

extension HelperCalling {
    private func see(_ method: HelperMethod, params: JSONReader) async throws -> JSONValue {
        switch method {
        case .translations: try await translations(TranslationQuery(wire: params)).wire
        case .ports: PortUseList(try await ports(PortQuery(wire: params))).wire
        case .trace: try await trace(TraceRequest(wire: params)).wire
        default: throw HelperError.unknownMethod(method.rawValue)
        }
    }
}

extension HelperError {
    init(any error: any Error) {
        switch error {
        case let error as HelperError: self = error
        case let error as JSONFieldError: self = .badRequest(error)
        default: self.init(code: "internal", message: "\(error)", hint: "the helper's log has more")
        }
    }

    static func busy(_ reason: String) -> HelperError {
        HelperError(code: "busy", message: "the helper takes no more from here: \(reason)", hint: "read the answers, then ask again")
    }

    static func forbidden(_ reason: String, hint: String) -> HelperError {
        HelperError(code: "forbidden", message: reason, hint: hint)
    }
}
