// SPDX-License-Identifier: BSD-3-Clause
using System.IO;
using Hammer2.Devices;
using Hammer2.Format;

namespace Hammer2.Tests.Devices;

/// <summary>Image files for tests that need a real file.</summary>
internal static class TestFile
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Writes a device to a sparse file.</summary>
    internal static void Write(string path, IBlockDevice device)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        file.SetLength(device.LengthBytes);
        byte[] piece = new byte[PieceBytes];
        for (long offset = 0; offset < device.LengthBytes; offset += PieceBytes)
        {
            Span<byte> bytes = piece.AsSpan(0, (int)Math.Min(PieceBytes, device.LengthBytes - offset));
            if (device.Read(offset, bytes) != Hammer2Error.None || !bytes.ContainsAnyExcept((byte)0))
                continue;
            file.Position = offset;
            file.Write(bytes);
        }
    }
}
