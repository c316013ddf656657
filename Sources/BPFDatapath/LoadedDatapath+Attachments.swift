import EgressPlan

extension LoadedDatapath {
    func attach(_ attachment: Attachment) throws {
        try attachments.attach(attachment)
        kept.insert(attachment)
    }

    /// Not ours to look after any more, also when the kernel refuses.
    func detach(_ attachment: Attachment) throws {
        kept.remove(attachment)
        try attachments.detach(attachment)
    }

    /// Looks at each attachment, and puts back what somebody else removed or replaced. One that the kernel refuses
    /// doesn't keep the others from coming back; the first refusal is thrown in the end.
    func mendAttachments() throws -> MendedAttachments {
        var mended = MendedAttachments()
        var refusal: (any Error)?
        // As they are attached: `egress_pod_in` before `egress_pod`.
        for attachment in kept.sorted(by: >) {
            do {
                try mend(attachment, &mended)
            } catch {
                refusal = refusal ?? error
            }
        }
        if let refusal { throw refusal }
        return mended
    }

    private func mend(_ attachment: Attachment, _ mended: inout MendedAttachments) throws {
        switch try attachments.standing(attachment) {
        case .stands(let overtaken):
            if overtaken { mended.overtaken.insert(attachment) }
        case .removed:
            try attachments.attach(attachment)
            mended.putBack.insert(attachment)
        case .replaced:
            try attachments.renew(attachment)
            mended.putBack.insert(attachment)
        case .interfaceGone:
            // The number may become another interface's.
            kept.remove(attachment)
        }
    }
}
