// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// A way to exchange messages with the kernel. The device transport reads and writes /dev/fuse; tests replace it by
/// memory.
/// </summary>
public interface IFuseTransport : IDisposable
{
    /// <summary>
    /// Opens the channel of one worker. The first one is used for INIT; more are opened after its reply.
    /// </summary>
    /// <exception cref="FuseException">The kernel refuses a further channel.</exception>
    IFuseChannel OpenChannel();

    /// <summary>The kernel's queues, from which requests come beside the device once INIT was answered so.</summary>
    /// <param name="connection">The connection as it will be.</param>
    /// <param name="failure">Why there are none; null when they were not looked for.</param>
    /// <returns>Null when this transport or this system has none.</returns>
    IFuseQueues? TryOpenQueues(FuseConnection connection, out string? failure)
    {
        failure = null;
        return null;
    }
}

/// <summary>The mount or the session with the kernel could not be set up.</summary>
public sealed class FuseException : Exception
{
    /// <summary>An error with its reason.</summary>
    public FuseException(string message)
        : base(message)
    {
    }

    /// <summary>An error with its reason and inner exception.</summary>
    public FuseException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
