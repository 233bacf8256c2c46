// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Fuse;

/// <summary>The next garbage collection of this process.</summary>
/// <remarks>An object without references: the runtime finalizes it when it collects garbage.</remarks>
internal sealed class NextCollection
{
    private readonly Action _done;

    private NextCollection(Action done) => _done = done;

    ~NextCollection() => _done();

    /// <summary>Has an action called once after the next collection, on the runtime's thread for finalizers.</summary>
    /// <param name="done">Returns at once, and does not throw.</param>
    public static void Await(Action done) => _ = new NextCollection(done);
}
