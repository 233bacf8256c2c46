// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// A way to exchange messages with the kernel. The device transport reads and writes /dev/fuse; tests replace it by
/// memory; io_uring could be another implementation.
/// </summary>
public interface IFuseTransport : IDisposable
{
    /// <summary>
    /// Opens the channel of one worker. The first one is used for INIT; more are opened after its reply.
    /// </summary>
    /// <exception cref="FuseException">The kernel refuses a further channel.</exception>
    IFuseChannel OpenChannel();
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
