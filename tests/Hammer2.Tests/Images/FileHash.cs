// SPDX-License-Identifier: BSD-3-Clause
using System.Security.Cryptography;
using Hammer2.Cluster.Operations;
using Hammer2.Vnodes;

namespace Hammer2.Tests.Images;

/// <summary>SHA-256 of a file's contents, read through vnode operations.</summary>
internal static class FileHash
{
    private const ulong SeekBytesMin = 64 << 20;
    private static readonly byte[] Zeros = new byte[1 << 20];

    /// <summary>
    /// Reads all of a file. Small ones are read from start to end in pieces that do not fit any block; large
    /// ones from data to data, so that a hole of gigabytes costs only its hash.
    /// </summary>
    internal static Errno Compute(VnodeOps ops, in VnodeAttributes file, out string hash)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Errno error = file.SizeBytes < SeekBytesMin
            ? Append(ops, file.Inum, 0, file.SizeBytes, new byte[200_003], sha)
            : AppendExtents(ops, file, sha);
        hash = error == Errno.None ? Convert.ToHexStringLower(sha.GetHashAndReset()) : "";
        return error;
    }

    private static Errno AppendExtents(VnodeOps ops, in VnodeAttributes file, IncrementalHash sha)
    {
        byte[] buffer = new byte[1 << 20];
        ulong position = 0;
        while (position < file.SizeBytes)
        {
            Errno error = ops.Seek(file.Inum, position, SeekTarget.Data, out ulong data);
            if (error == Errno.ENXIO)
                data = file.SizeBytes;
            else if (error != Errno.None)
                return error;
            for (ulong left = data - position; left > 0; left -= Math.Min(left, (ulong)Zeros.Length))
                sha.AppendData(Zeros, 0, (int)Math.Min(left, (ulong)Zeros.Length));
            if (data == file.SizeBytes)
                return Errno.None;
            error = ops.Seek(file.Inum, data, SeekTarget.Hole, out ulong hole);
            if (error != Errno.None)
                return error;
            error = Append(ops, file.Inum, data, hole, buffer, sha);
            if (error != Errno.None)
                return error;
            position = hole;
        }
        return Errno.None;
    }

    private static Errno Append(
        VnodeOps ops, ulong inum, ulong position, ulong end, byte[] buffer, IncrementalHash sha)
    {
        while (position < end)
        {
            int wanted = (int)Math.Min((ulong)buffer.Length, end - position);
            Errno error = ops.Read(inum, position, buffer.AsSpan(0, wanted), out int readBytes);
            if (error != Errno.None)
                return error;
            if (readBytes != wanted)
                return Errno.ENOSPC; // no read returns this error: it marks a short read before EOF
            sha.AppendData(buffer, 0, readBytes);
            position += (ulong)readBytes;
        }
        return Errno.None;
    }
}
