// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;

namespace Hammer2.Devices;

/// <summary>Counts the errors of a volume since it was opened.</summary>
/// <remarks>Thread-safe, without a lock.</remarks>
public sealed class DeviceErrors
{
    private long _reads, _writes, _flushes, _checks, _healed;

    /// <summary>The counts.</summary>
    public DeviceErrorCounts Counts => new(Volatile.Read(ref _reads), Volatile.Read(ref _writes),
        Volatile.Read(ref _flushes), Volatile.Read(ref _checks), Volatile.Read(ref _healed));

    /// <summary>Counts a read that ended with an error of the device; passes the result on.</summary>
    public Hammer2Error OfRead(Hammer2Error error) => Count(ref _reads, error);

    /// <summary>Counts a write that ended with one; passes the result on.</summary>
    public Hammer2Error OfWrite(Hammer2Error error) => Count(ref _writes, error);

    /// <summary>Counts a flush that ended with one; passes the result on.</summary>
    public Hammer2Error OfFlush(Hammer2Error error) => Count(ref _flushes, error);

    /// <summary>Counts a block whose check code did not match.</summary>
    public void CountCheck() => _ = Interlocked.Increment(ref _checks);

    /// <summary>Counts a block that was written again where it is.</summary>
    public void CountHealed() => _ = Interlocked.Increment(ref _healed);

    /// <summary>Adds what was counted elsewhere.</summary>
    public void Add(in DeviceErrorCounts counts)
    {
        _ = Interlocked.Add(ref _reads, counts.Reads);
        _ = Interlocked.Add(ref _writes, counts.Writes);
        _ = Interlocked.Add(ref _flushes, counts.Flushes);
        _ = Interlocked.Add(ref _checks, counts.Checks);
        _ = Interlocked.Add(ref _healed, counts.Healed);
    }

    private static Hammer2Error Count(ref long counter, Hammer2Error error)
    {
        if (error != Hammer2Error.None) _ = Interlocked.Increment(ref counter);
        return error;
    }
}
