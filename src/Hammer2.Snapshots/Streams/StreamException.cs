// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;

namespace Hammer2.Snapshots.Streams;

/// <summary>A stream that cannot be made, or that is not received; the message says why, for a person.</summary>
public sealed class StreamException(string message) : Exception(message)
{
    /// <summary>What the filesystem met; None when the stream is to blame.</summary>
    public Hammer2Error Error { get; private init; }

    /// <summary>Ends the receiving of a stream after an error.</summary>
    /// <param name="error">The error; None does nothing.</param>
    /// <param name="what">What could not be done.</param>
    /// <exception cref="StreamException">There was an error.</exception>
    internal static void ThrowIf(Hammer2Error error, string what)
    {
        if (error == Hammer2Error.None) return;
        throw new StreamException(error == Hammer2Error.NoSpace ? "not enough free space" : $"{what}: {error}")
        {
            Error = error,
        };
    }

    /// <summary>The same, with words before it.</summary>
    internal StreamException After(string words) => new($"{words}: {Message}") { Error = Error };
}
