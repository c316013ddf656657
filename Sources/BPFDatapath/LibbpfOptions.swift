/// The size to give for a structure of libbpf's options: up to its last field.
///
/// Swift doesn't keep the padding behind it zero, and libbpf takes what isn't zero for fields of a newer version.
func optionsSize<Options, Field>(through last: KeyPath<Options, Field>) -> Int {
    (MemoryLayout<Options>.offset(of: last) ?? 0) + MemoryLayout<Field>.size
}
