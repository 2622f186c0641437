import ArgumentParser

/// What a hook is: an executable, by its absolute path, or a URL to post to.
enum HookTarget: ExpressibleByArgument, CustomStringConvertible {
    case command(String)
    case url(String)

    init?(argument: String) {
        if argument.hasPrefix("/") {
            self = .command(argument)
        } else if argument.hasPrefix("http://") || argument.hasPrefix("https://") {
            self = .url(argument)
        } else {
            return nil
        }
    }

    var description: String {
        switch self {
        case .command(let path): path
        case .url(let url): url
        }
    }
}
