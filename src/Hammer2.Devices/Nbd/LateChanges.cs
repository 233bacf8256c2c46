// SPDX-License-Identifier: BSD-3-Clause
using System.Globalization;
using System.Threading;

namespace Hammer2.Devices.Nbd;

/// <summary>
/// Counts the changes of a connection that have no answer. While there are any, the server may still execute them,
/// until it has ended the connection.
/// </summary>
/// <remarks>Thread-safe. The end of a connection counts when it comes from the server: after a close by this client
/// nothing is known. A server may still be at work on its last requests when it ends a connection, so that some seconds
/// more must pass.</remarks>
internal sealed class LateChanges(TimeProvider time)
{
    /// <summary>How long changes count after the server has ended the connection.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    private int _unanswered;
    private long _endedAt;
    private int _end;

    private enum End
    {
        None, ByUs, ByServer,
    }

    /// <summary>How many there are.</summary>
    public int UnansweredTotal => Volatile.Read(ref _unanswered);

    /// <summary>A change is going to be sent.</summary>
    public void Begin() => Interlocked.Increment(ref _unanswered);

    /// <summary>One was answered.</summary>
    public void Answer() => Interlocked.Decrement(ref _unanswered);

    /// <summary>This client ends the connection.</summary>
    public void CloseByUs() => _ = Interlocked.CompareExchange(ref _end, (int)End.ByUs, (int)End.None);

    /// <summary>The server has ended the connection. It does not count after <see cref="CloseByUs"/>.</summary>
    public void EndByServer()
    {
        Volatile.Write(ref _endedAt, time.GetTimestamp());
        _ = Interlocked.CompareExchange(ref _end, (int)End.ByServer, (int)End.None);
    }

    /// <summary>What is not known, for messages; null when nothing can be executed any more.</summary>
    public string? Describe()
    {
        int unanswered = UnansweredTotal;
        if (unanswered == 0) return null;
        string changes = string.Create(CultureInfo.InvariantCulture,
            $"{unanswered} {(unanswered == 1 ? "write" : "writes")} of the connection that was lost");
        if ((End)Volatile.Read(ref _end) != End.ByServer)
            return $"{changes} may still reach it: its server has neither answered nor ended that connection";
        TimeSpan left = Settling - time.GetElapsedTime(Volatile.Read(ref _endedAt));
        return left <= TimeSpan.Zero
            ? null : $"{changes} had no answer when its server ended that connection, a moment ago";
    }
}
