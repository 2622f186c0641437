extension Task where Success == Never, Failure == Never {
    /// Sleeps for as long, cancelled or not: what others may see of the time must not depend on that.
    package static func rest(for time: Duration) async {
        let sleeping = Task<Void, Never> {
            // It throws only when its own task is cancelled, and nobody has that one.
            try? await Task.sleep(for: time, tolerance: .zero)
        }
        await sleeping.value
    }
}
