/// A list from outside that is refused as soon as it is longer than a manifest may be.
struct LimitedList<Element: Decodable>: Decodable {
    private(set) var elements: [Element] = []

    init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        while !list.isAtEnd {
            guard elements.count < Manifest.countLimit else {
                throw ManifestError.tooManyEntries(limit: Manifest.countLimit)
            }
            elements.append(try list.decode(Element.self))
        }
    }
}
