// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster.WriteBack;
using Hammer2.Format;

namespace Hammer2.Cluster.Transactions;

/// <summary>
/// Accepts or refuses operations by the space that they need, and slows them down when they are ahead of commits and
/// write-back.
/// </summary>
internal sealed class OperationAdmission
{
    private readonly SpaceReserve _space;
    private readonly SpacePressure _pressure;
    private readonly CommitScheduler _scheduler;
    private readonly BlockWriteBack _writeBack;
    private readonly FailStop _failStop;

    public OperationAdmission(
        SpaceReserve space, SpacePressure pressure, CommitScheduler scheduler, BlockWriteBack writeBack,
        FailStop failStop)
    {
        _space = space;
        _pressure = pressure;
        _scheduler = scheduler;
        _writeBack = writeBack;
        _failStop = failStop;
    }

    /// <summary>As <see cref="PfsWriter.Reserve"/>.</summary>
    public Hammer2Error Reserve(long bytes, int leaves, SpaceUse use, out PendingOperation operation, ulong written)
    {
        long reserved = SpaceCost.OfOperation(bytes, leaves);
        operation = new PendingOperation { ReservedBytes = reserved };
        if (_failStop.IsHalted) return _failStop.ChangeRefusal;
        if (use == SpaceUse.Add && _space.IsEmergency) return Hammer2Error.ReadOnly;
        Hammer2Error error = _scheduler.Pace();
        return error == Hammer2Error.None ? _pressure.Reserve(reserved, bytes, use, written) : error;
    }

    /// <summary>Keeps dirty blocks within their bounds, before a write adds some.</summary>
    /// <returns>None; ReadOnly or Io once the PFS is stopped; Stalled while it waits for nodes.</returns>
    /// <remarks>Entry: no lock held.</remarks>
    public Hammer2Error Throttle()
    {
        _writeBack.Throttle();
        return _failStop.IsHalted ? _failStop.ChangeRefusal : Hammer2Error.None;
    }
}
