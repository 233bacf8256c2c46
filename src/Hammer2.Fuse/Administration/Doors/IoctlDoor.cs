// SPDX-License-Identifier: BSD-3-Clause
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hammer2.Format;
using Hammer2.Vnodes;

namespace Hammer2.Fuse.Administration.Doors;

/// <summary>An ioctl of HAMMER2's type.</summary>
/// <param name="Inum">The file or directory on which it was made.</param>
/// <param name="UserId">The caller.</param>
/// <param name="IsCancelled">True once the caller was interrupted.</param>
internal readonly record struct IoctlCall(ulong Inum, uint UserId, Func<bool> IsCancelled);

/// <summary>
/// Upstream's ioctls, FITRIM and FS_IOC_SHUTDOWN, as requests of the table: decodes the record, makes the request,
/// encodes its result. Records come from any process: lengths and texts are checked here, numbers by the request.
/// </summary>
/// <remarks>Layouts: hammer2_ioctl.h.</remarks>
internal sealed class IoctlDoor
{
    private readonly RequestTable _table;
    private readonly AdministeredMount _mount;

    /// <summary>A door to the requests of a table, for a mount.</summary>
    public IoctlDoor(RequestTable table, AdministeredMount mount)
    {
        _table = table;
        _mount = mount;
    }

    /// <summary>True for a command about the object on which it is made; others are about the mount.</summary>
    public static bool IsOfObject(uint command) => command is IoctlCommand.InodeGet or IoctlCommand.InodeSet
        or IoctlCommand.DebugDump or IoctlCommand.Destroy;

    /// <summary>Carries out an ioctl.</summary>
    /// <param name="call">Where and by whom.</param>
    /// <param name="command">The command.</param>
    /// <param name="input">The caller's record.</param>
    /// <param name="output">Receives the record that is returned; zeroed.</param>
    /// <returns>EOPNOTSUPP for an unknown command, as upstream; EINVAL for a record of the wrong length; the error of
    /// the request.</returns>
    public Errno Run(in IoctlCall call, uint command, ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (SizeOf(command) is not { } size) return Errno.EOPNOTSUPP;
        if (input.Length != (IoctlCommand.HasInput(command) ? size : 0) || output.Length != size) return Errno.EINVAL;
        return command switch
        {
            IoctlCommand.VersionGet => Version(call, ref As<VersionRecord>(output)),
            IoctlCommand.PfsGet or IoctlCommand.PfsLookup or IoctlCommand.PfsCreate or IoctlCommand.PfsDelete
                or IoctlCommand.PfsSnapshot => Pfs(
                    call, command, in AsInput<PfsIoctlRecord>(input), ref As<PfsIoctlRecord>(output)),
            IoctlCommand.InodeGet => InodeGet(call, ref As<InodeRecord>(output)),
            IoctlCommand.InodeSet => InodeSet(call, in AsInput<InodeRecord>(input), ref As<InodeRecord>(output)),
            IoctlCommand.DebugDump => DebugDump(call, input, output),
            IoctlCommand.BulkfreeScan => Bulkfree(call, ref As<BulkfreeRecord>(output)),
            IoctlCommand.BulkfreeAsync => BulkfreeAsync(
                call, in AsInput<BulkfreeRecord>(input), ref As<BulkfreeRecord>(output)),
            IoctlCommand.Destroy => Destroy(call, in AsInput<DestroyRecord>(input), ref As<DestroyRecord>(output)),
            IoctlCommand.EmergencyMode => Emergency(call, input, output),
            IoctlCommand.Grow => Grow(call, in AsInput<GrowRecord>(input), ref As<GrowRecord>(output)),
            IoctlCommand.VolumeListFlat => VolumeList(
                call, in AsInput<VolumeListRecord>(input), ref As<VolumeListRecord>(output)),
            IoctlCommand.Trim => Trim(call, in AsInput<TrimRecord>(input), ref As<TrimRecord>(output)),
            IoctlCommand.Shutdown => Request(call, "shutdown", RequestArguments.None),
            IoctlCommand.Remount => Remount(
                call, in AsInput<RemountRecord>(input), ref As<RemountRecord>(output)),
            _ => Errno.EOPNOTSUPP,
        };
    }

    // The record of a command that is known; VOLUME_LIST has a pointer, and upstream's programs make VOLUME_LIST2 when
    // it is not supported.
    private static int? SizeOf(uint command) => command switch
    {
        IoctlCommand.VersionGet => Unsafe.SizeOf<VersionRecord>(),
        IoctlCommand.PfsGet or IoctlCommand.PfsLookup or IoctlCommand.PfsCreate or IoctlCommand.PfsDelete
            or IoctlCommand.PfsSnapshot => Unsafe.SizeOf<PfsIoctlRecord>(),
        IoctlCommand.InodeGet or IoctlCommand.InodeSet => Unsafe.SizeOf<InodeRecord>(),
        IoctlCommand.DebugDump => sizeof(uint),
        IoctlCommand.BulkfreeScan or IoctlCommand.BulkfreeAsync => Unsafe.SizeOf<BulkfreeRecord>(),
        IoctlCommand.Destroy => Unsafe.SizeOf<DestroyRecord>(),
        IoctlCommand.EmergencyMode or IoctlCommand.Shutdown => sizeof(int),
        IoctlCommand.Grow => Unsafe.SizeOf<GrowRecord>(),
        IoctlCommand.VolumeListFlat => Unsafe.SizeOf<VolumeListRecord>(),
        IoctlCommand.Trim => Unsafe.SizeOf<TrimRecord>(),
        IoctlCommand.Remount => Unsafe.SizeOf<RemountRecord>(),
        _ => null,
    };

    private Errno Version(in IoctlCall call, ref VersionRecord output)
    {
        Errno error = Request(call, "version", RequestArguments.None, out VersionResult? result);
        if (error == Errno.None) output.Version = (int)result!.Format;
        return error;
    }

    private Errno Pfs(in IoctlCall call, uint command, in PfsIoctlRecord input, ref PfsIoctlRecord output)
    {
        output = input;
        return command switch
        {
            IoctlCommand.PfsGet => PfsGet(call, in input, ref output),
            IoctlCommand.PfsLookup => PfsLookup(call, in input, ref output),
            IoctlCommand.PfsCreate => PfsCreate(call, in input),
            IoctlCommand.PfsDelete => PfsDelete(call, in input),
            _ => Snapshot(call, in input),
        };
    }

    private Errno PfsGet(in IoctlCall call, in PfsIoctlRecord input, ref PfsIoctlRecord output)
    {
        if (input.Key == PfsIoctlRecord.NoKey)
        {
            Errno refused = Request(call, "pfs-lookup", RequestArguments.None, out PfsResult? mounted);
            if (refused == Errno.None) Fill(mounted!, PfsIoctlRecord.NoKey, ref output);
            return refused;
        }
        Errno error = Request(
            call, "pfs-list", RequestArguments.Of(("first", input.Key), ("max", 2UL)), out PfsListResult? list);
        if (error != Errno.None) return error;
        if (list!.Pfs.Count == 0) return Errno.ENOENT;
        Fill(list.Pfs[0], list.Pfs.Count > 1 ? list.Pfs[1].Key : PfsIoctlRecord.NoKey, ref output);
        return Errno.None;
    }

    private Errno PfsLookup(in IoctlCall call, in PfsIoctlRecord input, ref PfsIoctlRecord output)
    {
        if (!RecordText.TryRead(input.Label, out string? label)) return Errno.ENOENT;
        Errno error = Request(call, "pfs-lookup", RequestArguments.Of(("label", label)), out PfsResult? found);
        if (error == Errno.None) Fill(found!, input.NextKey, ref output);
        return error;
    }

    private Errno PfsCreate(in IoctlCall call, in PfsIoctlRecord input)
    {
        if (!RecordText.TryRead(input.Label, out string? label)) return Errno.EINVAL;
        return Request(call, "pfs-create", RequestArguments.Of(("label", label),
            ("type", PfsTypeNames.NameOf(input.Type)), ("cluster-id", input.ClusterId), ("node-id", input.NodeId)));
    }

    private Errno PfsDelete(in IoctlCall call, in PfsIoctlRecord input)
    {
        if (!RecordText.TryRead(input.Label, out string? label)) return Errno.EINVAL;
        bool isForced = (input.Flags & PfsIoctlRecord.Force) != 0;
        return Request(call, "pfs-delete", RequestArguments.Of(("label", label), ("force", isForced)));
    }

    private Errno Snapshot(in IoctlCall call, in PfsIoctlRecord input)
    {
        if (!RecordText.TryRead(input.Label, out string? label)) return Errno.EINVAL;
        bool isWithoutSync = (input.Flags & PfsIoctlRecord.NoSync) != 0;
        return Request(call, "snapshot", RequestArguments.Of(("label", label), ("no-sync", isWithoutSync)));
    }

    private Errno InodeGet(in IoctlCall call, ref InodeRecord output)
    {
        Errno error = Request(call, "inode-get", RequestArguments.Of(("inum", call.Inum)), out InodeResult? inode);
        if (error == Errno.None) Fill(inode!, ref output);
        return error;
    }

    private Errno InodeSet(in IoctlCall call, in InodeRecord input, ref InodeRecord output)
    {
        const uint Supported = InodeRecord.SetsCheck | InodeRecord.SetsCompression;
        output = input;
        // Quotas and copies are not enforced by any driver: to accept them would be to mislead.
        if ((input.Flags & ~Supported) != 0) return Errno.EOPNOTSUPP;
        (string, object)[] arguments = [("inum", call.Inum)];
        if ((input.Flags & InodeRecord.SetsCheck) != 0)
            arguments = [.. arguments, ("check", (ulong)input.Meta.CheckPolicy)];
        if ((input.Flags & InodeRecord.SetsCompression) != 0)
            arguments = [.. arguments, ("compression", (ulong)input.Meta.CompressionPolicy)];
        return Request(call, "inode-set", RequestArguments.Of(arguments));
    }

    private Errno DebugDump(in IoctlCall call, ReadOnlySpan<byte> input, Span<byte> output)
    {
        input.CopyTo(output);
        ulong flags = MemoryMarshal.Read<uint>(input);
        return Request(call, "debug-dump", RequestArguments.Of(("inum", call.Inum), ("flags", flags)));
    }

    private Errno Bulkfree(in IoctlCall call, ref BulkfreeRecord output)
    {
        Errno error = Request(call, "bulkfree", RequestArguments.None, out BulkfreeResult? done);
        if (done is null) return error;
        output.End = output.TotalScannedBytes = done.TotalBytes;
        output.AllocatedBytes = (ulong)done.RepairedBytes;
        output.FreedBytes = (ulong)done.FreedBytes;
        output.FragmentedBytes = (ulong)done.StagedBytes;
        output.TotalAllocatedBytes = done.AllocatedBytes;
        return error;
    }

    private Errno BulkfreeAsync(in IoctlCall call, in BulkfreeRecord input, ref BulkfreeRecord output)
    {
        output = input;
        Caller caller = _mount.CallerOf(call.UserId);
        if (_table.Refusal("bulkfree", caller, RequestArguments.None, out RequestRow? row) is { } refusal)
            return refusal.Error;
        if (_mount.Vnodes.IsReadOnly) return Errno.EROFS;
        BackgroundJob? job = _mount.Jobs.TryStart(row!.Name, running =>
            row.Run(RequestContext.OfJob(_mount, caller, running), RequestArguments.None));
        return job is null ? Errno.EBUSY : Errno.None;
    }

    private Errno Destroy(in IoctlCall call, in DestroyRecord input, ref DestroyRecord output)
    {
        output = input;
        if (input.Command == DestroyRecord.RemovesInode)
            return Request(call, "destroy-inum", RequestArguments.Of(("inum", input.Inum)));
        if (input.Command != DestroyRecord.RemovesEntry) return Errno.EINVAL;
        return RecordText.TryRead(input.Name, out string? name)
            ? Request(call, "destroy", RequestArguments.Of(("name", name), ("directory", call.Inum)))
            : Errno.EINVAL;
    }

    private Errno Emergency(in IoctlCall call, ReadOnlySpan<byte> input, Span<byte> output)
    {
        input.CopyTo(output);
        return Request(call, "emergency-mode", RequestArguments.Of(("on", MemoryMarshal.Read<int>(input) != 0)));
    }

    private Errno Grow(in IoctlCall call, in GrowRecord input, ref GrowRecord output)
    {
        output = input;
        Errno error = Request(call, "growfs", RequestArguments.Of(("size", input.LengthBytes)), out GrowResult? grown);
        if (error != Errno.None) return error;
        output.LengthBytes = grown!.LengthBytes;
        output.IsChanged = grown.IsChanged ? 1 : 0;
        return error;
    }

    private Errno Trim(in IoctlCall call, in TrimRecord input, ref TrimRecord output)
    {
        output = input;
        Errno error = Request(call, "trim", RequestArguments.Of(
            ("start", input.Start), ("length", input.LengthBytes), ("minimum", input.LeastBytes)),
            out TrimResult? done);
        output.LengthBytes = (ulong)(done?.DiscardedBytes ?? 0);
        return error;
    }

    private Errno VolumeList(in IoctlCall call, in VolumeListRecord input, ref VolumeListRecord output)
    {
        Errno error = Request(call, "volume-list", RequestArguments.None, out VolumeListResult? list);
        if (error != Errno.None) return error;
        output.VolumesTotal = Math.Min(Math.Max(input.VolumesTotal, 0), list!.Volumes.Count);
        for (int index = 0; index < output.VolumesTotal; index++)
        {
            VolumeResult volume = list.Volumes[index];
            ref VolumeRecord record = ref output.Volumes[index];
            RecordText.Write(volume.Path, record.Path);
            record.Id = volume.Id;
            record.Start = volume.StartBytes;
            record.LengthBytes = volume.LengthBytes;
        }
        output.Version = (int)list.Format;
        RecordText.Write(list.Label, output.Label);
        return Errno.None;
    }

    // The record has the reason of a refusal, which a failed ioctl(2) could not return.
    private Errno Remount(in IoctlCall call, in RemountRecord input, ref RemountRecord output)
    {
        if (!RecordText.TryRead(input.Text, out string? options)) return Errno.EINVAL;
        var context = new RequestContext(_mount, _mount.CallerOf(call.UserId), call.IsCancelled);
        RequestAnswer answer = _table.Run("remount", context, RequestArguments.Of(("options", options)));
        if (answer.Error == Errno.EPERM && !context.Caller.IsOwner) return Errno.EPERM;
        output.Error = (int)answer.Error;
        RecordText.Write(answer.Message, output.Text);
        return Errno.None;
    }

    private static void Fill(PfsResult pfs, ulong nextKey, ref PfsIoctlRecord output)
    {
        output.Key = pfs.Key;
        output.NextKey = nextKey;
        output.Type = (PfsType)pfs.TypeNumber;
        output.Subtype = (PfsSubtype)pfs.SubtypeNumber;
        output.NodeId = MediaUuid.From(pfs.NodeId);
        output.ClusterId = MediaUuid.From(pfs.ClusterId);
        RecordText.Write(pfs.Label, output.Label);
    }

    private static void Fill(InodeResult inode, ref InodeRecord output)
    {
        output.DataCount = inode.DataBytes;
        output.InodeCount = inode.InodesBelow;
        output.Meta = inode.Meta;
    }

    private Errno Request(in IoctlCall call, string name, RequestArguments arguments) =>
        Request(call, name, arguments, out object? _);

    private Errno Request<T>(in IoctlCall call, string name, RequestArguments arguments, out T? result)
        where T : class
    {
        var context = new RequestContext(_mount, _mount.CallerOf(call.UserId), call.IsCancelled);
        RequestAnswer answer = _table.Run(name, context, arguments);
        result = answer.Result as T;
        return answer.Error;
    }

    [SuppressMessage("Design", "CA1045", Justification = "A reference into the record, not a parameter.")]
    private static ref T As<T>(Span<byte> record)
        where T : struct => ref MemoryMarshal.AsRef<T>(record);

    private static ref readonly T AsInput<T>(ReadOnlySpan<byte> record)
        where T : struct => ref MemoryMarshal.AsRef<T>(record);
}
