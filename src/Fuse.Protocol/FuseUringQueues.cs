// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace Fuse.Protocol;

/// <summary>The kernel's queues over io_uring: one for each processor that the system may ever have.</summary>
/// <remarks>Source: <c>fs/fuse/dev_uring.c</c> of Linux 6.14 to 6.18.</remarks>
internal sealed class FuseUringQueues : IFuseQueues
{
    private const string PossibleProcessors = "/sys/devices/system/cpu/possible";

    private readonly SafeFileHandle _device;
    private readonly FuseBufferSizes _sizes;

    private FuseUringQueues(SafeFileHandle device, FuseBufferSizes sizes, int queuesTotal)
    {
        _device = device;
        _sizes = sizes;
        QueuesTotal = queuesTotal;
    }

    /// <inheritdoc/>
    public int QueuesTotal { get; }

    /// <summary>The queues of a mount, if this process can use io_uring. Once INIT was answered so, the kernel waits
    /// for an entry in each queue, so that this is found out before.</summary>
    /// <param name="device">A descriptor of /dev/fuse that is connected to the mount.</param>
    /// <param name="sizes">Lengths of requests and replies.</param>
    /// <param name="failure">Why there are none.</param>
    public static FuseUringQueues? TryOpen(SafeFileHandle device, FuseBufferSizes sizes, out string? failure)
    {
        failure = null;
        try
        {
            new IoUring().Dispose();
            if (CountProcessors(File.ReadAllText(PossibleProcessors)) is { } queues)
                return new FuseUringQueues(device, sizes, queues);
            failure = $"{PossibleProcessors} has no list of processors";
        }
        catch (Exception refused) when (refused is FuseException or IOException or UnauthorizedAccessException)
        {
            failure = refused.Message;
        }
        return null;
    }

    /// <inheritdoc/>
    public IFuseQueueEntry OpenEntry(int queue)
    {
        // The caller of a request runs there and waits: waking a thread on another processor would take longer. Where
        // this process may not run there, the thread stays where it is.
        int refused = LinuxCalls.RunOn(queue);
        if (refused is not (FuseErrno.None or FuseErrno.EINVAL))
            throw new FuseException("sched_setaffinity: " + LinuxCalls.Describe(refused));
        return new FuseUringEntry(_device, queue, _sizes);
    }

    /// <summary>The number of processors in a list as <c>0-3,8</c>; null when it is none.</summary>
    internal static int? CountProcessors(string list)
    {
        int total = 0;
        foreach (string range in list.Trim().Split(','))
        {
            string[] ends = range.Split('-');
            if (!ushort.TryParse(ends[0], out ushort first) || !ushort.TryParse(ends[^1], out ushort last)
                || ends.Length > 2 || last < first)
            {
                return null;
            }
            total += last - first + 1;
        }
        return total;
    }
}
