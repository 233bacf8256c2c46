// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices.Nbd;

/// <summary>Numbers of the NBD protocol, fixed newstyle. All integers of it are big-endian.</summary>
internal static class NbdProtocol
{
    /// <summary>The port of servers that name none.</summary>
    public const int DefaultPort = 10809;

    // First words of the server.
    public const ulong Greeting = 0x4E42444D41474943;           // "NBDMAGIC"
    public const ulong OptionMagic = 0x49484156454F5054;        // "IHAVEOPT"
    public const ulong OldStyle = 0x00420281861253;
    public const ulong OptionReplyMagic = 0x3E889045565A9;
    public const int GreetingBytes = 18;

    // Flags of both sides in the handshake.
    public const ushort FixedNewStyle = 1;
    public const ushort NoZeroes = 2;

    // Answers to options. Errors have the top bit.
    public const uint Acknowledged = 1;
    public const uint Information = 3;
    public const uint OptionErrorBit = 0x8000_0000;
    public const uint OptionUnsupported = OptionErrorBit + 1;
    public const uint OptionForbidden = OptionErrorBit + 2;
    public const uint OptionInvalid = OptionErrorBit + 3;
    public const uint OptionNeedsTls = OptionErrorBit + 5;
    public const uint OptionUnknownExport = OptionErrorBit + 6;
    public const uint OptionShutdown = OptionErrorBit + 7;
    public const uint OptionNeedsBlockSize = OptionErrorBit + 8;

    public const ushort ExportInformation = 0;
    public const ushort BlockSizeInformation = 3;

    // Requests and replies.
    public const uint RequestMagic = 0x25609513;
    public const uint SimpleReplyMagic = 0x67446698;
    public const uint ChunkMagic = 0x668E33EF;
    public const int RequestBytes = 28;
    public const int SimpleReplyBytes = 16;
    public const int ChunkHeaderBytes = 20;

    public const ushort LastChunk = 1;
    public const ushort NoChunk = 0;
    public const ushort DataChunk = 1;
    public const ushort HoleChunk = 2;
    public const ushort ErrorChunkBit = 0x8000;

    // Errors that a request can end with: numbers of Linux.
    public const uint NotPermitted = 1;
    public const uint Invalid = 22;
    public const uint NoSpace = 28;
    public const uint NotSupported = 95;

    /// <summary>Greatest length of a text of the server, in bytes, as the protocol says.</summary>
    public const int TextBytesMax = 4096;

    /// <summary>Greatest length of an answer to an option, in bytes: all that are asked for are far shorter.</summary>
    public const int OptionReplyBytesMax = 16 << 10;
}

/// <summary>What a client may negotiate before it uses an export.</summary>
internal enum NbdOption : uint
{
    StartTls = 5,
    Go = 7,
    StructuredReply = 8,
}

/// <summary>What an export can do.</summary>
[Flags]
internal enum NbdExportFlags : ushort
{
    None = 0,
    HasFlags = 1 << 0,
    ReadOnly = 1 << 1,
    Flush = 1 << 2,
    ForcedUnitAccess = 1 << 3,
    Trim = 1 << 5,
    WriteZeroes = 1 << 6,
    MultipleConnections = 1 << 8,
}

/// <summary>Requests.</summary>
internal enum NbdCommand : ushort
{
    Read = 0,
    Write = 1,
    Disconnect = 2,
    Flush = 3,
    Trim = 4,
    WriteZeroes = 6,
}

/// <summary>Modifications of requests.</summary>
[Flags]
internal enum NbdCommandFlags : ushort
{
    None = 0,

    /// <summary>The reply says that what was written is durable.</summary>
    ForcedUnitAccess = 1 << 0,

    /// <summary>Zeros keep their space.</summary>
    NoHole = 1 << 1,
}
