/// Forms of labels, as the API server takes them.
public enum LabelSyntax {
    /// `[prefix/]name`: the prefix a subdomain, the name up to 63 letters, digits, `-`, `_` and `.`.
    public static func isKey(_ text: String) -> Bool { NameSyntax.isLabelKey(text) }

    /// Empty, or up to 63 of the same with a letter or digit at both ends.
    public static func isValue(_ text: String) -> Bool { NameSyntax.isLabelValue(text) }
}
