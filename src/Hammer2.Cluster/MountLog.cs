// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Hammer2.Membership;
using Microsoft.Extensions.Logging;

namespace Hammer2.Cluster;

/// <summary>What the cluster layer says while it opens.</summary>
internal static partial class MountLog
{
    [LoggerMessage(10, LogLevel.Warning, "{Device}: not all PFSs could be listed: {Error}")]
    public static partial void PfsListIncomplete(ILogger logger, string device, Hammer2Error error);

    [LoggerMessage(11, LogLevel.Warning, "node {Device} is missing: {Reason}")]
    public static partial void NodeMissing(ILogger logger, string device, string reason);

    [LoggerMessage(12, LogLevel.Information, "PFS {Label}: node {Device} is read, commit 0x{Tid:x}")]
    public static partial void NodeUsed(ILogger logger, string label, string device, ulong tid);

    [LoggerMessage(13, LogLevel.Warning, "PFS {Label}: node {Device} is not read, it is {State}: {Reason}")]
    public static partial void NodeNotUsed(
        ILogger logger, string label, string device, NodeState state, string reason);

    [LoggerMessage(14, LogLevel.Warning,
        "PFS {Label}: {Present} of {Total} masters are here, {Quorum} make a quorum")]
    public static partial void MastersAbsent(
        ILogger logger, string label, int present, int total, int quorum);

    [LoggerMessage(15, LogLevel.Error,
        "node {Device} failed ({Error}): nothing more is written to it until it was resynchronized")]
    public static partial void NodeFailed(ILogger logger, string device, Hammer2Error error);

    [LoggerMessage(16, LogLevel.Critical,
        "PFS {Label} is read-only from now on ({Error}), and what was not synced is lost: {Synced} nodes can be " +
        "written, {Quorum} make a quorum")]
    public static partial void Stopped(ILogger logger, string label, Hammer2Error error, int synced, int quorum);

    [LoggerMessage(19, LogLevel.Critical,
        "PFS {Label} is read-only from now on, and what was not synced is lost: an invariant of this program broke " +
        "in {Work}")]
    public static partial void StoppedByException(ILogger logger, string label, string work, Exception? failure);

    [LoggerMessage(20, LogLevel.Error,
        "PFS {Label}: changes of {Count} objects were not committed, since a block that object 0x{Inum:x} needs " +
        "cannot be read ({Error}); they are as the last commit has them")]
    public static partial void ChangesLeftOut(
        ILogger logger, string label, int count, ulong inum, Hammer2Error error);

    [LoggerMessage(21, LogLevel.Warning,
        "node {Device}: {Count} references that could not be read were restored from the other nodes")]
    public static partial void Restored(ILogger logger, string device, long count);

    [LoggerMessage(40, LogLevel.Critical,
        "PFS {Label}: changes wait from now on ({Error}): {Synced} nodes can be written, {Quorum} make a quorum; what "
        + "was accepted is kept and committed when enough nodes have returned")]
    public static partial void Stalled(ILogger logger, string label, Hammer2Error error, int synced, int quorum);

    [LoggerMessage(41, LogLevel.Warning, "PFS {Label}: enough nodes have returned, and what waited is committed")]
    public static partial void StallEnded(ILogger logger, string label);

    [LoggerMessage(42, LogLevel.Error,
        "PFS {Label}: {Count} blocks of file data that were accepted before the nodes failed are on none of them any "
        + "more")]
    public static partial void DirtyLost(ILogger logger, string label, int count);

    [LoggerMessage(43, LogLevel.Warning,
        "PFS {Label}: node {Device} is back and holds what was written to it last; it waits for a quorum")]
    public static partial void NodeAwaitsQuorum(ILogger logger, string label, string device);

    [LoggerMessage(44, LogLevel.Warning, "PFS {Label}: the nodes that are back could not be written: {Error}")]
    public static partial void ReturnFailed(ILogger logger, string label, Hammer2Error error);

    [LoggerMessage(17, LogLevel.Information, "PFS {Label}: {Count} orphans were deleted")]
    public static partial void OrphansDeleted(ILogger logger, string label, int count);

    [LoggerMessage(18, LogLevel.Warning, "space cannot be reclaimed: {Error}")]
    public static partial void ReclaimFailed(ILogger logger, Hammer2Error error);

    [LoggerMessage(19, LogLevel.Warning, "PFS {Label}: node {Device} is read: {Reason}")]
    public static partial void NodeInDoubt(ILogger logger, string label, string device, string reason);

    [LoggerMessage(20, LogLevel.Warning, "PFS {Label} cannot be written: {Reason}")]
    public static partial void CannotBeWritten(ILogger logger, string label, string reason);

    [LoggerMessage(21, LogLevel.Information,
        "PFS {Label}: node {Device} finishes commit 0x{Number:x}, which it had prepared before power failed")]
    public static partial void PreparedAdopted(ILogger logger, string label, string device, ulong number);

    [LoggerMessage(22, LogLevel.Warning,
        "PFS {Label}: {Sibling} holds another node of the cluster that {Device} is in")]
    public static partial void SiblingFound(ILogger logger, string label, string device, string sibling);

    [LoggerMessage(23, LogLevel.Warning,
        "{Device}: the kernel's claim of the device could not be taken again after a mount on it ended ({Reason}); " +
        "its locks are held")]
    public static partial void ClaimLost(ILogger logger, string device, string reason);

    [LoggerMessage(24, LogLevel.Information, "PFS {Label}: node {Device} is being resynchronized")]
    public static partial void ResyncStarted(ILogger logger, string label, string device);

    [LoggerMessage(25, LogLevel.Information,
        "PFS {Label}: node {Device} is resynchronized, {Changes} references were changed; it is read and written " +
        "again")]
    public static partial void ResyncDone(ILogger logger, string label, string device, long changes);

    [LoggerMessage(26, LogLevel.Warning,
        "PFS {Label}: resynchronization of node {Device} ended ({Error}); it is tried again")]
    public static partial void ResyncEnded(ILogger logger, string label, string device, Hammer2Error error);

    [LoggerMessage(45, LogLevel.Warning,
        "PFS {Label}: snapshot {Snapshot} was deleted on node {Device}, which has no space to be resynchronized; "
        + "{Others}")]
    public static partial void SnapshotDeletedForSpace(
        ILogger logger, string label, string snapshot, string device, string others);

    [LoggerMessage(27, LogLevel.Error,
        "node {Device}: after its resynchronization it differs from its source at inode key 0x{Key:x}, " +
        "key 0x{Within:x}")]
    public static partial void ResyncDiffers(ILogger logger, string device, ulong key, ulong within);

    [LoggerMessage(29, LogLevel.Information, "PFS {Label}: node {Device} is back, it is {State}")]
    public static partial void NodeReturned(ILogger logger, string label, string device, NodeState state);

    [LoggerMessage(35, LogLevel.Warning, "PFS {Label}: node {Device} is awaited: {Reason}")]
    public static partial void NodeAwaited(ILogger logger, string label, string device, string reason);

    [LoggerMessage(36, LogLevel.Warning,
        "PFS {Label}: node {Device} healed: {Rewritten} blocks that could not be read were written again, {Rebuilt} "
        + "places were stored anew from the other nodes; {Failed} places are still damaged")]
    public static partial void Healed(
        ILogger logger, string label, string device, long rewritten, long rebuilt, long failed);

    [LoggerMessage(37, LogLevel.Information, "a scrub of {Device} {Begins}")]
    public static partial void ScrubStarted(ILogger logger, string device, string begins);

    [LoggerMessage(38, LogLevel.Warning, "the scrub of {Device} ended early: {Error}")]
    public static partial void ScrubEnded(ILogger logger, string device, Hammer2Error error);

    [LoggerMessage(39, LogLevel.Information,
        "the scrub of {Device} is done: {Bytes} bytes read, {Faults} damaged blocks, {Healed} healed, {Unhealed} not")]
    public static partial void ScrubFinished(
        ILogger logger, string device, ulong bytes, ulong faults, ulong healed, ulong unhealed);

    [LoggerMessage(28, LogLevel.Warning,
        "node {Device}: what it holds and the other nodes do not is kept on it as snapshot {Label}")]
    public static partial void ContentKept(ILogger logger, string device, string label);

    [LoggerMessage(46, LogLevel.Warning,
        "PFS {Label} accepts and writes nothing more, as was asked for; what was not synced is lost")]
    public static partial void Shutdown(ILogger logger, string label);

    [LoggerMessage(47, LogLevel.Information, "PFS {Label}: its nodes by list number {Number}: {Masters} of them vote")]
    public static partial void MembersChanged(ILogger logger, string label, uint number, int masters);
}
