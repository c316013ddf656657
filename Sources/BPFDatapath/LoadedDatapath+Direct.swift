import CEgressABI
import CEgressShims

extension LoadedDatapath {
    /// Tunnel packets of established connections go straight to the underlay, but where IPsec would have its say: that is
    /// the stack's, and the stack sees them only when the tunnel's device makes them. Asked again with each round of the
    /// collector; where the answer isn't known, the device makes them.
    func renewDirect() throws {
        var config = try tables.config.value(0) ?? egress_config()
        let direct: UInt32 = egress_ipsec_policies() == 0 ? 1 : 0
        guard config.direct != direct else { return }
        config.direct = direct
        config.generation &+= 1
        try tables.config.set(0, config)
    }
}
