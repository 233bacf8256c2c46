// SPDX-License-Identifier: BSD-3-Clause
using System.Runtime.InteropServices;
using System.Text;

namespace Hammer2.Format;

/// <summary>What a writer mark says of the volume.</summary>
public enum WriterMarkState : uint
{
    /// <summary>The last writer closed it.</summary>
    Free,

    /// <summary>A writer has it open.</summary>
    InUse,

    /// <summary>Its writer found that another program writes the volume, and gave it up.</summary>
    Contested,
}

/// <summary>The fixed part of a writer mark.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
public struct WriterMarkFields
{
    [FieldOffset(0x00)] public ulong Magic;
    [FieldOffset(0x08)] public uint Version;
    [FieldOffset(0x0C)] public WriterMarkState State;
    [FieldOffset(0x10)] public MediaUuid FilesystemId;
    [FieldOffset(0x20)] public MediaUuid WriterId;      // drawn by each process
    [FieldOffset(0x30)] public ulong Sequence;          // grows with each renewal
    [FieldOffset(0x38)] public MediaUuid BootId;        // of the kernel that the process runs on
    [FieldOffset(0x48)] public ulong ProcessNamespace;  // in which the number of the process is valid
    [FieldOffset(0x50)] public long ProcessId;
    [FieldOffset(0x58)] public long BegunMicroseconds;  // since 1970 UTC
}

/// <summary>
/// Says which process on which machine writes a volume that machines without common locks can reach. Its writer renews
/// it, so that another one can see whether that still runs.
/// </summary>
/// <remarks>One sector; see FORMAT.md.</remarks>
public sealed class WriterMark
{
    /// <summary>Size in bytes: written as a whole by any device.</summary>
    public const int SizeBytes = 512;

    /// <summary>"H2WRITER", little endian.</summary>
    public const ulong MagicValue = 0x52_45_54_49_52_57_32_48;

    /// <summary>The version that this driver writes.</summary>
    public const uint CurrentVersion = 1;

    /// <summary>The most bytes of a host's name.</summary>
    public const int HostBytesMax = 64;

    private const int HostOffset = 0x80;
    private const int CrcOffset = SizeBytes - sizeof(uint);

    private WriterMarkFields _fields;

    /// <summary>The fields.</summary>
    public ref WriterMarkFields Fields => ref _fields;

    /// <summary>Name of the machine, for people.</summary>
    public string Host { get; init; } = "";

    /// <summary>Reads a mark.</summary>
    /// <param name="bytes">512 bytes.</param>
    /// <param name="filesystemId">Marks of a filesystem that was there before do not count.</param>
    /// <returns>Null when there is none that is whole and of a known version.</returns>
    public static WriterMark? Decode(ReadOnlySpan<byte> bytes, in MediaUuid filesystemId)
    {
        WriterMarkFields fields = MemoryMarshal.Read<WriterMarkFields>(bytes);
        bool isWhole = fields.Magic == MagicValue && fields.Version == CurrentVersion
            && fields.FilesystemId == filesystemId && fields.State <= WriterMarkState.Contested
            && MemoryMarshal.Read<uint>(bytes[CrcOffset..]) == IscsiCrc32.Compute(bytes[..CrcOffset]);
        if (!isWhole) return null;
        ReadOnlySpan<byte> host = bytes.Slice(HostOffset, HostBytesMax);
        int length = host.IndexOf((byte)0);
        return new WriterMark
        {
            _fields = fields,
            Host = Encoding.ASCII.GetString(length < 0 ? host : host[..length]),
        };
    }

    /// <summary>Writes the mark.</summary>
    /// <param name="bytes">Receives 512 bytes.</param>
    public void Encode(Span<byte> bytes)
    {
        bytes.Clear();
        _fields.Magic = MagicValue;
        _fields.Version = CurrentVersion;
        MemoryMarshal.Write(bytes, in _fields);
        _ = Encoding.ASCII.GetBytes(
            Host.AsSpan(0, Math.Min(Host.Length, HostBytesMax)), bytes.Slice(HostOffset, HostBytesMax));
        MemoryMarshal.Write(bytes[CrcOffset..], IscsiCrc32.Compute(bytes[..CrcOffset]));
    }
}
