// SPDX-License-Identifier: BSD-3-Clause
using System.Collections.Generic;
using System.Text.Json.Serialization;
using Hammer2.Format;

namespace Hammer2.Fuse.Administration;

/// <summary>Version of the format.</summary>
/// <param name="Format">1 or 2.</param>
internal sealed record VersionResult(uint Format);

/// <summary>PFSs of a filesystem.</summary>
/// <param name="Filesystem">Its devices.</param>
/// <param name="IsComplete">False when some could not be read.</param>
/// <param name="Pfs">The PFSs in the order of their keys.</param>
internal sealed record PfsListResult(string Filesystem, bool IsComplete, IReadOnlyList<PfsResult> Pfs);

/// <summary>One PFS.</summary>
/// <param name="Label">Its label.</param>
/// <param name="Type">MASTER, SLAVE ... as upstream names them; SNAPSHOT and AUTOSNAP for snapshots.</param>
/// <param name="ClusterId">The cluster that it is a node of (pfs_clid).</param>
/// <param name="NodeId">The id of this node (pfs_fsid).</param>
/// <param name="Key">Its key below the super-root.</param>
/// <param name="TypeNumber">pfs_type as stored.</param>
/// <param name="SubtypeNumber">pfs_subtype as stored.</param>
/// <param name="Commit">Number of its last commit.</param>
/// <param name="SnapshotCommit">Number of the commit of its newest snapshot; 0 for none.</param>
internal sealed record PfsResult(string Label, string Type, Guid ClusterId, Guid NodeId,
    [property: JsonConverter(typeof(HexConverter))] ulong Key, byte TypeNumber, byte SubtypeNumber,
    [property: JsonConverter(typeof(HexConverter))] ulong Commit,
    [property: JsonConverter(typeof(HexConverter))] ulong SnapshotCommit);

/// <summary>A PFS that is no more.</summary>
/// <param name="Deleted">Its label.</param>
internal sealed record PfsChangeResult(string Deleted);

/// <summary>Holds of PFSs.</summary>
/// <param name="IsComplete">False when some could not be read.</param>
/// <param name="Holds">The holds, of each PFS the oldest first.</param>
internal sealed record HoldListResult(bool IsComplete, IReadOnlyList<HoldResult> Holds);

/// <summary>A hold on a PFS.</summary>
/// <param name="Label">Label of the PFS.</param>
/// <param name="Name">Name of the hold.</param>
/// <param name="Since">When it was placed.</param>
internal sealed record HoldResult(string Label, string Name, DateTimeOffset Since);

/// <summary>A PFS that was rolled back.</summary>
/// <param name="Label">Its label.</param>
/// <param name="Snapshot">The snapshot whose content it has.</param>
/// <param name="Kept">The snapshot that has the content before.</param>
internal sealed record RollbackResult(string Label, string Snapshot, string Kept);

/// <summary>What a schedule of snapshots did.</summary>
/// <param name="IsDryRun">True when it changed nothing, and this is what it would do.</param>
/// <param name="Snapshots">The snapshots, new ones first.</param>
internal sealed record ScheduleResult(bool IsDryRun, IReadOnlyList<ScheduledResult> Snapshots);

/// <summary>A snapshot in a schedule.</summary>
/// <param name="Action">create, keep or delete.</param>
/// <param name="Label">Its label.</param>
/// <param name="Reason">Why.</param>
internal sealed record ScheduledResult(string Action, string Label, string Reason);

/// <summary>The volumes of a filesystem.</summary>
/// <param name="Format">Version of the format.</param>
/// <param name="Label">Label of the mounted PFS there.</param>
/// <param name="Volumes">The volumes in the order of their numbers.</param>
internal sealed record VolumeListResult(uint Format, string Label, IReadOnlyList<VolumeResult> Volumes);

/// <summary>One volume.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Path">Its device as the user gave it.</param>
/// <param name="StartBytes">Where its address range begins.</param>
/// <param name="LengthBytes">Its length.</param>
internal sealed record VolumeResult(int Id, string Path, ulong StartBytes, ulong LengthBytes);

/// <summary>An inode as it is stored.</summary>
/// <param name="Inum">Its number.</param>
/// <param name="Type">Its type.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="LinkCount">Its links.</param>
/// <param name="DataBytes">Bytes allocated for it; of a PFS root, for the whole PFS.</param>
/// <param name="InodesBelow">Inodes below it; of a PFS root, all but the root.</param>
/// <param name="Check">Check method of new blocks, as stored.</param>
/// <param name="Compression">Compression of new blocks, as stored.</param>
/// <param name="ModifyTime">Microseconds since 1970.</param>
internal sealed record InodeResult(ulong Inum, string Type, ulong SizeBytes, ulong LinkCount, ulong DataBytes,
    ulong InodesBelow, byte Check, byte Compression, ulong ModifyTime)
{
    /// <summary>The meta part, for the door that returns it as it is.</summary>
    [JsonIgnore]
    public InodeMeta Meta { get; init; }
}

/// <summary>The space of the mounted PFS, in bytes.</summary>
/// <param name="TotalBytes">What can be allocated on the smallest node.</param>
/// <param name="FreeBytes">What is free on the fullest node.</param>
/// <param name="AvailableBytes">What is free for new data.</param>
/// <param name="ReserveBytes">What only operations that remove may use.</param>
/// <param name="ReservedBytes">What is reserved for accepted changes, at their worst case.</param>
/// <param name="UnwrittenBytes">Dirty data that is on no node yet.</param>
/// <param name="UncommittedBytes">Blocks that are on a node, and that no commit has yet; of all PFSs there.</param>
/// <param name="StagedBytes">What the last bulkfree left to be freed by the next one, of all nodes; null before the
/// first one.</param>
/// <param name="Inodes">Objects in the PFS.</param>
internal sealed record SpaceResult(ulong TotalBytes, ulong FreeBytes, ulong AvailableBytes, long ReserveBytes,
    long ReservedBytes, long UnwrittenBytes, ulong Inodes, ulong UncommittedBytes, long? StagedBytes);

/// <summary>What bulkfree did, in bytes over all nodes.</summary>
/// <param name="FreedBytes">Freed.</param>
/// <param name="StagedBytes">Unreachable and not free yet: a later run frees them.</param>
/// <param name="RepairedBytes">Reachable and marked free, which is damage: marked allocated now.</param>
/// <param name="TotalBytes">Size of the filesystem.</param>
/// <param name="AllocatedBytes">Allocated after the run.</param>
internal sealed record BulkfreeResult(
    long FreedBytes, long StagedBytes, long RepairedBytes, ulong TotalBytes, ulong AllocatedBytes);

/// <summary>What giving up free space did.</summary>
/// <param name="DiscardedBytes">Length of what the devices of all nodes were told to give up.</param>
internal sealed record TrimResult(long DiscardedBytes);

/// <summary>A commit.</summary>
/// <param name="Commit">Number of the last commit of the PFS.</param>
internal sealed record SyncResult([property: JsonConverter(typeof(HexConverter))] ulong Commit);

/// <summary>What growing did.</summary>
/// <param name="LengthBytes">Length of the last volume.</param>
/// <param name="IsChanged">True when that is more than before.</param>
/// <param name="TotalBytes">Size of the filesystem.</param>
internal sealed record GrowResult(ulong LengthBytes, bool IsChanged, ulong TotalBytes);

/// <summary>A volume that was added.</summary>
/// <param name="Id">Its number.</param>
/// <param name="StartBytes">Where its address range begins.</param>
/// <param name="LengthBytes">Its length.</param>
/// <param name="TotalBytes">Size of the filesystem.</param>
internal sealed record AddedVolumeResult(int Id, ulong StartBytes, ulong LengthBytes, ulong TotalBytes);

/// <summary>A PFS that was received.</summary>
/// <param name="Received">Its label.</param>
/// <param name="Without">The nodes that do not have it, or not all of it.</param>
internal sealed record ReceivedResult(string Received, IReadOnlyList<NodeWithoutResult> Without);

/// <summary>A node that lacks what was received.</summary>
/// <param name="Node">The node.</param>
/// <param name="Reason">Why, for people.</param>
internal sealed record NodeWithoutResult(string Node, string Reason);

/// <summary>PFSs that were received in part.</summary>
/// <param name="IsComplete">False when some PFSs could not be read.</param>
/// <param name="Receiving">Those that are not whole.</param>
internal sealed record ReceivingListResult(bool IsComplete, IReadOnlyList<ReceivingResult> Receiving);

/// <summary>A PFS that was received in part.</summary>
/// <param name="Label">Its label.</param>
/// <param name="Records">How many records of the stream each node has that has some.</param>
/// <param name="Since">When it was begun.</param>
/// <param name="IsRunning">True while it is being received.</param>
/// <param name="Nodes">How many nodes have a part.</param>
internal sealed record ReceivingResult(
    string Label, ulong Records, DateTimeOffset Since, bool IsRunning, int Nodes);

/// <summary>What was destroyed.</summary>
/// <param name="Inum">The inode number.</param>
/// <param name="IsInodeRemoved">True when the inode was removed, which could not be read.</param>
internal sealed record DestroyResult(ulong Inum, bool IsInodeRemoved);

/// <summary>Writing was ended.</summary>
/// <param name="StopReason">What ended it: Shutdown, unless it had stopped before.</param>
internal sealed record ShutdownResult(string StopReason);

/// <summary>Whether emergency mode is on.</summary>
/// <param name="IsOn">True when it is.</param>
internal sealed record EmergencyResult(bool IsOn);

/// <summary>The state of a mount.</summary>
/// <param name="Health">healthy, degraded, damaged or stopped.</param>
/// <param name="Reasons">Why it is not healthy; empty when it is.</param>
/// <param name="Label">Label of the PFS.</param>
/// <param name="IsReadOnly">True when the mount is read-only.</param>
/// <param name="Commit">Number of the last commit.</param>
/// <param name="Quorum">Masters that must agree.</param>
/// <param name="RepairedReads">Reads that another node answered because the first could not.</param>
/// <param name="HealedPlaces">Places that a node could not show and that were made right.</param>
/// <param name="UnhealedPlaces">Places that could not be made right from other nodes.</param>
/// <param name="LeftOutInodes">Inodes whose changes could not be committed.</param>
/// <param name="Nodes">The nodes.</param>
/// <param name="Jobs">Long requests that run in the background.</param>
/// <param name="Space">The space of the PFS.</param>
/// <param name="Scrubs">The last scrub of each node, without places.</param>
/// <param name="Errors">The errors of each volume.</param>
/// <param name="LiveBytes">Bytes allocated for the PFS; blocks that it shares count each time.</param>
/// <param name="LastCommitAt">When the last commit was durable; null before the first one of the mount.</param>
/// <param name="Stalls">How often changes had to wait for nodes.</param>
internal sealed record StatusResult(string Health, IReadOnlyList<string> Reasons, string Label, bool IsReadOnly,
    [property: JsonConverter(typeof(HexConverter))] ulong Commit, int Quorum, long RepairedReads,
    long HealedPlaces, long UnhealedPlaces, long LeftOutInodes, IReadOnlyList<NodeResult> Nodes,
    IReadOnlyList<JobResult> Jobs, SpaceResult Space, IReadOnlyList<ScrubResult> Scrubs,
    IReadOnlyList<VolumeErrorsResult> Errors, ulong LiveBytes, DateTimeOffset? LastCommitAt, long Stalls);

/// <summary>A node of the mounted PFS.</summary>
/// <param name="Name">Its devices.</param>
/// <param name="State">Its state.</param>
/// <param name="Reason">The reason of its state; empty for a synced node.</param>
/// <param name="Commit">Number of the last commit that it holds.</param>
/// <param name="Pins">Its pinned commits.</param>
/// <param name="Role">Its part: Master, Slave, or Returning.</param>
/// <param name="Behind">How many commits it lacks; null when that cannot be counted.</param>
/// <param name="LeftWhen">The event or deadline that ends its state; empty for a synced node.</param>
/// <param name="Resync">How far its resynchronization is; null while there is none.</param>
internal sealed record NodeResult(string Name, string State, string Reason,
    [property: JsonConverter(typeof(HexConverter))] ulong Commit, IReadOnlyList<PinResult> Pins, string Role,
    ulong? Behind, string LeftWhen, ResyncResult? Resync);

/// <summary>How far the resynchronization of a node is.</summary>
/// <param name="Pass">Number of the pass, from 1.</param>
/// <param name="Percent">How far the pass is.</param>
/// <param name="Changes">References changed by all passes.</param>
/// <param name="CopiedBytes">File data copied by all passes.</param>
/// <param name="RemainingSeconds">How long the pass will still take; null while that cannot be told.</param>
internal sealed record ResyncResult(
    int Pass, double Percent, long Changes, long CopiedBytes, double? RemainingSeconds);

/// <summary>The nodes of the mounted PFS's cluster.</summary>
/// <param name="Number">Number of the list; 0 when there is none and masters are only counted.</param>
/// <param name="Masters">How many masters there are, absent ones included.</param>
/// <param name="Quorum">Masters that must agree.</param>
/// <param name="Members">The nodes, those of the list by their slots, then others.</param>
internal sealed record MemberListResult(uint Number, int Masters, int Quorum, IReadOnlyList<MemberResult> Members);

/// <summary>How a mount resynchronizes nodes of its cluster, and what it does without a quorum.</summary>
/// <param name="Resynchronizes">False for a mount with noresync.</param>
/// <param name="ResyncRateBytes">The most bytes that are copied to each node in a second; 0 for no bound.</param>
/// <param name="ResyncSnapshots">What becomes of the oldest snapshots of a node without space for that: keep or
/// delete.</param>
/// <param name="SnapshotsDeleted">How many this mount deleted for that reason, each on one node.</param>
/// <param name="NoQuorum">What becomes of changes without a quorum: readonly, error or stall.</param>
internal sealed record ClusterPolicyResult(
    bool Resynchronizes, ulong ResyncRateBytes, string ResyncSnapshots, long SnapshotsDeleted, string NoQuorum);

/// <summary>Snapshots that were copied to a node.</summary>
/// <param name="Copied">How many it has more now.</param>
internal sealed record SnapshotCopyResult(int Copied);

/// <summary>A node of the cluster.</summary>
/// <param name="Slot">Its slot; null for one that the list does not name.</param>
/// <param name="Role">Master, Slave, or Joining; empty for one that the list does not name.</param>
/// <param name="FilesystemId">The id of its filesystem, or the part that is known.</param>
/// <param name="Name">Its devices; empty when the mount does not know them.</param>
/// <param name="State">Its state.</param>
/// <param name="Reason">The reason of its state; empty for a synced node.</param>
/// <param name="Commit">Number of the last commit that it holds.</param>
internal sealed record MemberResult(int? Slot, string Role, string FilesystemId, string Name, string State,
    string Reason, [property: JsonConverter(typeof(HexConverter))] ulong Commit);

/// <summary>A pinned commit, whose blocks bulkfree keeps.</summary>
/// <param name="Purpose">What it is kept for.</param>
/// <param name="Header">Number of its volume header.</param>
/// <param name="Since">When it was pinned.</param>
internal sealed record PinResult(
    string Purpose, [property: JsonConverter(typeof(HexConverter))] ulong Header, DateTimeOffset Since);

/// <summary>A long request that runs in the background.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Request">The name of the request.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="ElapsedSeconds">How long it runs.</param>
/// <param name="DoneBytes">Bytes that it has worked on: of bulkfree those of reachable blocks, once for each of its two
/// walks and each node; of receive those of the stream.</param>
/// <param name="TotalBytes">How many there are to be; 0 when that is not known.</param>
internal sealed record JobResult(ulong Number, string Request, DateTimeOffset StartedAt, long ElapsedSeconds,
    long DoneBytes, long TotalBytes);

/// <summary>Options of a mount after a change.</summary>
/// <param name="IsReadOnly">True when nothing can be written.</param>
/// <param name="CommitSeconds">Longest time until a change is durable.</param>
internal sealed record RemountResult(bool IsReadOnly, double CommitSeconds);

/// <summary>Scrubs and error counters of all nodes.</summary>
/// <param name="Scrubs">The last scrub of each node.</param>
/// <param name="Errors">The errors of each volume.</param>
internal sealed record ScrubStatusResult(IReadOnlyList<ScrubResult> Scrubs, IReadOnlyList<VolumeErrorsResult> Errors);

/// <summary>Error counters of all nodes.</summary>
/// <param name="Errors">The errors of each volume.</param>
internal sealed record ErrorsResult(IReadOnlyList<VolumeErrorsResult> Errors);

/// <summary>The last scrub of a node.</summary>
/// <param name="Node">Number of the node, in the order of mounting.</param>
/// <param name="Name">Its devices.</param>
/// <param name="State">None, Running, Stopped or Finished.</param>
/// <param name="IsRunning">True while a thread scrubs it.</param>
/// <param name="Started">When it began.</param>
/// <param name="Ended">When it came to its end.</param>
/// <param name="CheckedBytes">Bytes read.</param>
/// <param name="TotalBytes">Bytes that were allocated when it began.</param>
/// <param name="Faults">Damaged blocks found.</param>
/// <param name="Healed">Those of them that are right now.</param>
/// <param name="Unhealed">Places that are still damaged.</param>
/// <param name="Places">Those places, as far as they are listed.</param>
internal sealed record ScrubResult(int Node, string Name, string State, bool IsRunning, DateTimeOffset? Started,
    DateTimeOffset? Ended, ulong CheckedBytes, ulong TotalBytes, ulong Faults, ulong Healed, ulong Unhealed,
    IReadOnlyList<DamagedPlaceResult> Places);

/// <summary>A place that a scrub could not heal.</summary>
/// <param name="Pfs">Label of the PFS.</param>
/// <param name="Path">Path of the object.</param>
/// <param name="Kind">data, entry, inode or references.</param>
/// <param name="Inum">Number of the inode whose tree it is in.</param>
/// <param name="Key">Its key there; the offset of file data.</param>
internal sealed record DamagedPlaceResult(string Pfs, string Path, string Kind, ulong Inum, ulong Key);

/// <summary>Errors of a volume since its counters were cleared.</summary>
/// <param name="Node">Number of the node.</param>
/// <param name="Volume">Number of the volume.</param>
/// <param name="Name">Its device.</param>
/// <param name="Reads">Reads that failed.</param>
/// <param name="Writes">Writes that failed.</param>
/// <param name="Flushes">Flushes that failed.</param>
/// <param name="Checks">Blocks that did not match their check codes.</param>
/// <param name="Healed">Blocks that were written again where they are.</param>
internal sealed record VolumeErrorsResult(
    int Node, int Volume, string Name, long Reads, long Writes, long Flushes, long Checks, long Healed);

/// <summary>What a comparison of nodes found.</summary>
/// <param name="Nodes">Nodes compared.</param>
/// <param name="Inodes">Inodes compared, for each pair of nodes.</param>
/// <param name="DataBytes">Bytes of stored file data read.</param>
/// <param name="DifferencesTotal">Differences, listed or not.</param>
/// <param name="Differences">The first of them.</param>
internal sealed record NodeComparisonResult(int Nodes, long Inodes, long DataBytes, long DifferencesTotal,
    IReadOnlyList<NodeDifferenceResult> Differences);

/// <summary>A place that differs between two nodes.</summary>
/// <param name="First">Number of the first node, in the order of mounting.</param>
/// <param name="Second">Number of the second node.</param>
/// <param name="Kind">MissingOnFirst, MissingOnSecond, Attributes, Entry, Content, UnreadableOnFirst or
/// UnreadableOnSecond.</param>
/// <param name="Path">Path of the object.</param>
/// <param name="Inum">Number of the inode whose tree it is in.</param>
/// <param name="Key">Its key there; the offset of file data.</param>
internal sealed record NodeDifferenceResult(int First, int Second, string Kind, string Path, ulong Inum, ulong Key);

/// <summary>How results become JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, Converters = [typeof(TextConverter)])]
[JsonSerializable(typeof(VersionResult))]
[JsonSerializable(typeof(PfsListResult))]
[JsonSerializable(typeof(PfsResult))]
[JsonSerializable(typeof(PfsChangeResult))]
[JsonSerializable(typeof(HoldListResult))]
[JsonSerializable(typeof(RollbackResult))]
[JsonSerializable(typeof(ScheduleResult))]
[JsonSerializable(typeof(VolumeListResult))]
[JsonSerializable(typeof(SpaceResult))]
[JsonSerializable(typeof(BulkfreeResult))]
[JsonSerializable(typeof(TrimResult))]
[JsonSerializable(typeof(SyncResult))]
[JsonSerializable(typeof(GrowResult))]
[JsonSerializable(typeof(MemberListResult))]
[JsonSerializable(typeof(SnapshotCopyResult))]
[JsonSerializable(typeof(ReceivedResult))]
[JsonSerializable(typeof(ReceivingListResult))]
[JsonSerializable(typeof(AddedVolumeResult))]
[JsonSerializable(typeof(DestroyResult))]
[JsonSerializable(typeof(EmergencyResult))]
[JsonSerializable(typeof(ShutdownResult))]
[JsonSerializable(typeof(InodeResult))]
[JsonSerializable(typeof(StatusResult))]
[JsonSerializable(typeof(JobResult))]
[JsonSerializable(typeof(ScrubStatusResult))]
[JsonSerializable(typeof(ErrorsResult))]
[JsonSerializable(typeof(NodeComparisonResult))]
[JsonSerializable(typeof(ClusterPolicyResult))]
[JsonSerializable(typeof(RemountResult))]
[JsonSerializable(typeof(StatisticsResult))]
[JsonSerializable(typeof(Events.EventLine))]
internal sealed partial class ResultJson : JsonSerializerContext;
