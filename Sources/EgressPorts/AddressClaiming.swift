public import EgressPlan

/// The kernel's side of egress addresses that we put on interfaces ourselves. Blocking.
///
/// The kernel keeps a mark with each (`IFA_PROTO`, Linux 5.18), so whoever comes after a crash knows them from an
/// administrator's.
public protocol AddressClaiming: Sendable {
    /// Those with our mark, on any interface.
    func claimedAddresses() throws -> Set<ClaimedAddress>
    /// Puts it on the interface with our mark. One that is there without it stays as it is.
    func addAddress(_ address: ClaimedAddress) throws
    /// Takes it away when it has our mark; anything else stays.
    func removeAddress(_ address: ClaimedAddress) throws
    /// Tells the link's other hosts, once, that the address is here: a gratuitous ARP request (RFC 5227, 3) or an
    /// unsolicited neighbour advertisement (RFC 4861, 7.2.6). Nothing on links without either.
    func announce(_ address: ClaimedAddress) throws
    /// Indexes of interfaces that are up and have a carrier.
    func liveInterfaces() throws -> Set<Int>
}
