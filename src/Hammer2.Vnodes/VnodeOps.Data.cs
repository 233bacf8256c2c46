// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Cluster;
using Hammer2.Cluster.Operations;
using Hammer2.Cluster.Transactions;
using Hammer2.Format;

namespace Hammer2.Vnodes;

public sealed partial class VnodeOps
{
    /// <summary>Reads bytes of a file directly into the caller's memory.</summary>
    /// <param name="inum">A regular file.</param>
    /// <param name="position">Offset of the first byte.</param>
    /// <param name="destination">Receives the bytes up to EOF.</param>
    /// <param name="readBytes">Number of bytes read; less than requested only at EOF.</param>
    /// <returns>EISDIR, EINVAL for other types; ESTALE; EIO when any block of the range cannot be read, since a short
    /// read would look like EOF.</returns>
    public Errno Read(ulong inum, ulong position, Span<byte> destination, out int readBytes)
    {
        readBytes = 0;
        using PfsWriter.ReadGuard guard = Hold(inum);
        Errno error = GetFile(inum, out Inode file);
        if (error != Errno.None) return error;
        return DataOperations.Read(file, position, destination, out readBytes).ToErrno();
    }

    /// <summary>Finds the next data or hole at or after a position: SEEK_DATA and SEEK_HOLE of
    /// lseek(2).</summary>
    /// <returns>ENXIO when the position is at or past the end, or no data follows; else as
    /// <see cref="Read"/>.</returns>
    public Errno Seek(ulong inum, ulong position, SeekTarget target, out ulong found)
    {
        found = 0;
        using PfsWriter.ReadGuard guard = Hold(inum);
        Errno refused = GetFile(inum, out Inode file);
        if (refused != Errno.None) return refused;
        Hammer2Error error = DataOperations.Seek(file, position, target, out found);
        return error == Hammer2Error.NoEntry ? Errno.ENXIO : error.ToErrno();
    }

    private Errno GetFile(ulong inum, out Inode file)
    {
        Errno error = GetInode(inum, out file);
        if (error != Errno.None) return error;
        return file.Meta.Type switch
        {
            ObjectType.RegularFile => Errno.None,
            ObjectType.Directory => Errno.EISDIR,
            _ => Errno.EINVAL,
        };
    }
}
