/// What a look at the attachments found.
public struct MendedAttachments: Sendable, Hashable {
    /// Somebody else had removed or replaced them; they are back.
    public var putBack: Set<Attachment>
    /// Programs of others run before these. What such a program lets through by itself (`TC_ACT_OK`) ours don't see, and
    /// what it redirects no guard sees either; one that says nothing (`TC_ACT_UNSPEC`, `TCX_NEXT`) does no harm.
    public var overtaken: Set<Attachment>

    public init(putBack: Set<Attachment> = [], overtaken: Set<Attachment> = []) {
        self.putBack = putBack
        self.overtaken = overtaken
    }
}
