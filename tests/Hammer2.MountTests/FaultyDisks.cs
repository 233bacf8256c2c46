// SPDX-License-Identifier: BSD-3-Clause

using System.IO;
using System.Threading;
using Fuse.Protocol;
using Hammer2.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hammer2.MountTests;

/// <summary>
/// Image files with injected faults, for programs that need paths: a FUSE filesystem of this process with the files
/// <c>disk0</c>, <c>disk1</c> and so on, which are in memory.
/// </summary>
/// <remarks>The kernel does not cache them (FOPEN_DIRECT_IO), so that every call of the program arrives.</remarks>
internal sealed class FaultyDisks : IFuseFileSystem, IDisposable
{
    private const ulong FirstDisk = 2;
    private const uint DirectoryMode = UnixMode.Directory | UnixMode.O755;
    private const uint FileMode = UnixMode.RegularFile | UnixMode.O666;

    private readonly MemoryBlockDevice[] _disks;
    private readonly int[] _faults;
    private readonly string _directory;
    private readonly FuseMount _mount;
    private readonly FuseSession _session;

    /// <summary>Mounts these disks.</summary>
    public FaultyDisks(params MemoryBlockDevice[] disks)
    {
        _disks = disks;
        _faults = new int[disks.Length];
        _directory = Directory.CreateTempSubdirectory("hammer2-disks-").FullName;
        _mount = FuseMount.Create(new FuseMountOptions(_directory, "disks", "disks"));
        var options = new FuseSessionOptions { WorkersTotal = 4 };
        var transport = new FuseDeviceTransport(_mount.Device, NullLogger.Instance);
        _session = new FuseSession(transport, this, options, NullLogger.Instance);
        _ = _session.Negotiate();
        _session.Start();
    }

    /// <summary>Path of a disk.</summary>
    public string PathOf(int disk) => Path.Combine(_directory, $"disk{disk}");

    /// <summary>Makes a disk fail these calls with EIO.</summary>
    public void Fail(int disk, DiskFault calls) => Volatile.Write(ref _faults[disk], (int)calls);

    /// <summary>Unmounts. No disk may be open.</summary>
    public void Dispose()
    {
        if (_mount.Unmount(detaches: true) is { } refusal) throw new IOException(refusal);
        _ = _session.Wait();
        _session.Dispose();
        Directory.Delete(_directory);
    }

    public int Lookup(in FuseContext context, ReadOnlySpan<byte> name, ref FuseEntryOut entry)
    {
        for (int disk = 0; disk < _disks.Length; disk++)
        {
            if (!name.SequenceEqual(System.Text.Encoding.ASCII.GetBytes($"disk{disk}"))) continue;
            entry.NodeId = FirstDisk + (ulong)disk;
            Fill(entry.NodeId, ref entry.Attr);
            return FuseErrno.None;
        }
        return FuseErrno.ENOENT;
    }

    public int GetAttr(in FuseContext context, in FuseGetAttrIn request, ref FuseAttrOut answer)
    {
        Fill(context.NodeId, ref answer.Attr);
        return FuseErrno.None;
    }

    public int Open(in FuseContext context, in FuseOpenIn request, ref FuseOpenOut answer)
    {
        answer.OpenFlags = FuseOpenFlags.DirectIo;
        return FuseErrno.None;
    }

    public int Read(in FuseContext context, in FuseReadIn request, Span<byte> data, out int readBytes)
    {
        readBytes = 0;
        int disk = (int)(context.NodeId - FirstDisk);
        if (Fails(disk, DiskFault.Reads)) return FuseErrno.EIO;
        long left = _disks[disk].LengthBytes - (long)request.Position;
        readBytes = (int)Math.Clamp(left, 0, data.Length);
        return Answer(_disks[disk].Read((long)request.Position, data[..readBytes]));
    }

    public int Write(in FuseContext context, in FuseWriteIn request, ReadOnlySpan<byte> data, out int writtenBytes)
    {
        int disk = (int)(context.NodeId - FirstDisk);
        writtenBytes = data.Length;
        return Fails(disk, DiskFault.Writes)
            ? FuseErrno.EIO : Answer(_disks[disk].Write((long)request.Position, data));
    }

    public int FSync(in FuseContext context, in FuseFSyncIn request)
    {
        int disk = (int)(context.NodeId - FirstDisk);
        return Fails(disk, DiskFault.Flushes) ? FuseErrno.EIO : Answer(_disks[disk].Flush());
    }

    public int Flush(in FuseContext context, in FuseFlushIn request) => FuseErrno.None;

    public int Release(in FuseContext context, in FuseReleaseIn request) => FuseErrno.None;

    private bool Fails(int disk, DiskFault call) => ((DiskFault)Volatile.Read(ref _faults[disk]) & call) != 0;

    private static int Answer(Format.Hammer2Error error) =>
        error == Format.Hammer2Error.None ? FuseErrno.None : FuseErrno.EIO;

    private void Fill(ulong node, ref FuseAttr attributes)
    {
        attributes.Inode = node;
        attributes.LinkCount = 1;
        attributes.Mode = node < FirstDisk ? DirectoryMode : FileMode;
        if (node >= FirstDisk) attributes.SizeBytes = (ulong)_disks[(int)(node - FirstDisk)].LengthBytes;
    }
}

/// <summary>Calls that a disk fails.</summary>
[Flags]
internal enum DiskFault
{
    /// <summary>None: it works.</summary>
    None = 0,

    /// <summary>Reading.</summary>
    Reads = 1,

    /// <summary>Writing.</summary>
    Writes = 2,

    /// <summary>Making durable.</summary>
    Flushes = 4,

    /// <summary>Everything, as when it was pulled out.</summary>
    All = Reads | Writes | Flushes,
}
