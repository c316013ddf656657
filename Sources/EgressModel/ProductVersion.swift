/// The version of both programs and of all that they say to others.
public enum ProductVersion {
    public static let current = "0.1.0"
}
