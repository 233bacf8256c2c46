// SPDX-License-Identifier: BSD-3-Clause
namespace Fuse.Protocol;

/// <summary>
/// The queues from which the kernel hands out requests when the session does not read them from the device: one for
/// each processor, with the requests of the programs that run there. FORGET and INTERRUPT still come by the device.
/// </summary>
public interface IFuseQueues
{
    /// <summary>Number of queues, from 1.</summary>
    int QueuesTotal { get; }

    /// <summary>Adds an entry to a queue. The calling thread must be the one that exchanges its requests.</summary>
    /// <param name="queue">Number of the queue, from 0.</param>
    /// <exception cref="FuseException">There is no memory for it, or the system refuses it.</exception>
    IFuseQueueEntry OpenEntry(int queue);
}
