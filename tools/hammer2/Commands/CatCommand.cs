// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Tool.CommandLine;
using Hammer2.Tool.Files;
using Hammer2.Vnodes;

namespace Hammer2.Tool.Commands;

/// <summary>Writes the content of files to standard output.</summary>
internal static class CatCommand
{
    private const int PieceBytes = 1 << 20;

    private static readonly ArgumentRow Paths = new("PATH", "files within the PFS") { Repeats = true };

    public static readonly CommandRow Row = new("cat", "write the content of files to standard output", Run)
    {
        Group = CommandGroup.Files,
        Description = "Stops a file at the first byte that cannot be read; 'hammer2 extract' continues after damage. Symbolic "
            + "links are followed within the PFS.",
        Arguments = [OpenedPfs.Volume, Paths],
        Options = OpenedPfs.Options,
        HasJson = false,
        Examples = [new("hammer2 cat disk.img@DATA /etc/fstab", "print one file")],
    };

    private static int Run(Invocation invocation)
    {
        using OpenedPfs pfs = OpenedPfs.Open(invocation);
        byte[] buffer = new byte[PieceBytes];
        int worst = ExitCode.Ok;
        foreach (string path in invocation.Texts(Paths))
        {
            int code = PathWalk.Find(invocation, pfs.Vnodes, path, followsLast: true, out VnodeAttributes attributes);
            if (code == ExitCode.Ok) code = Write(invocation, pfs.Vnodes, path, attributes.Inum, buffer);
            worst = Math.Max(worst, code);
        }
        return worst;
    }

    private static int Write(Invocation invocation, VnodeOps vnodes, string path, ulong inum, byte[] buffer)
    {
        ulong position = 0;
        while (true)
        {
            Errno error = ReadLeading(vnodes, inum, position, buffer, out int length);
            if (length > 0) invocation.Terminal.Output.Write(buffer, 0, length);
            position += (ulong)length;
            if (error == Errno.None && length == 0) return ExitCode.Ok;
            if (error == Errno.None) continue;
            invocation.Warn(error is Errno.EIO or Errno.ESTALE
                ? $"{path}: damaged: cannot be read from byte {position} on"
                : $"{path}: {PathWalk.Describe(error)}");
            return error is Errno.EIO or Errno.ESTALE ? ExitCode.Damage : ExitCode.NotFound;
        }
    }

    // A piece with damage is read again block by block, so that all bytes before the damage are written.
    private static Errno ReadLeading(VnodeOps vnodes, ulong inum, ulong position, byte[] buffer, out int length)
    {
        Errno error = vnodes.Read(inum, position, buffer, out length);
        if (error != Errno.EIO) return error;
        length = 0;
        int blockBytes = Hammer2.Format.Media.FileBlockBytes;
        while (length < buffer.Length)
        {
            error = vnodes.Read(inum, position + (ulong)length, buffer.AsSpan(length, blockBytes), out int read);
            if (error != Errno.None || read == 0) break;
            length += read;
        }
        return error;
    }
}
