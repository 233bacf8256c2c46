// SPDX-License-Identifier: BSD-3-Clause
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Hammer2.Devices.Nbd;

/// <summary>Agrees with a server on an export, in fixed newstyle: TLS if asked for, structured replies if it has them,
/// and the sizes of blocks.</summary>
internal sealed class NbdHandshake
{
    private const int RepliesMax = 64;
    private const int OptionHeaderBytes = 16;
    private const int OptionReplyHeaderBytes = 20;
    private const int ExportInformationBytes = 12;
    private const int BlockSizeInformationBytes = 14;

    private readonly NbdLink _link;
    private readonly NbdAddress _address;
    private readonly byte[] _reply = new byte[NbdProtocol.OptionReplyBytesMax];

    private NbdHandshake(NbdLink link, NbdAddress address)
    {
        _link = link;
        _address = address;
    }

    /// <summary>Runs the handshake; afterwards requests may be sent.</summary>
    /// <exception cref="NbdProtocolException">The server refuses, breaks the protocol, or is too slow.</exception>
    public static NbdExport Run(NbdLink link, NbdAddress address)
    {
        var handshake = new NbdHandshake(link, address);
        handshake.Greet();
        if (address.IsTls)
        {
            handshake.Expect(NbdOption.StartTls);
            link.StartTls(address);
        }
        bool isStructured = handshake.TryStructured();
        return handshake.Go(isStructured);
    }

    private void Greet()
    {
        Span<byte> greeting = stackalloc byte[NbdProtocol.GreetingBytes];
        _link.ReceiveInTime(greeting);
        ulong first = BinaryPrimitives.ReadUInt64BigEndian(greeting);
        ulong second = BinaryPrimitives.ReadUInt64BigEndian(greeting[8..]);
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(greeting[16..]);
        if (first != NbdProtocol.Greeting) throw new NbdProtocolException("it is not an NBD server");
        if (second == NbdProtocol.OldStyle)
            throw new NbdProtocolException("it speaks the old style of NBD, which has no names and no options");
        if (second != NbdProtocol.OptionMagic)
            throw new NbdProtocolException(Text($"it greets with 0x{second:x16}"));
        if ((flags & NbdProtocol.FixedNewStyle) == 0)
            throw new NbdProtocolException("it does not speak the fixed new style of NBD");
        Span<byte> answer = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(
            answer, flags & (uint)(NbdProtocol.FixedNewStyle | NbdProtocol.NoZeroes));
        _link.SendInTime(answer);
    }

    private bool TryStructured()
    {
        SendOption(NbdOption.StructuredReply, []);
        (uint type, int length) = ReceiveReply(NbdOption.StructuredReply);
        if (type == NbdProtocol.Acknowledged && length == 0) return true;
        if (type is NbdProtocol.OptionUnsupported or NbdProtocol.OptionForbidden or NbdProtocol.OptionInvalid)
            return false;
        throw Refused(NbdOption.StructuredReply, type, length);
    }

    private void Expect(NbdOption option)
    {
        SendOption(option, []);
        (uint type, int length) = ReceiveReply(option);
        if (type != NbdProtocol.Acknowledged || length != 0) throw Refused(option, type, length);
    }

    private NbdExport Go(bool isStructured)
    {
        byte[] name = Encoding.UTF8.GetBytes(_address.Export);
        byte[] request = new byte[sizeof(uint) + name.Length + (2 * sizeof(ushort))];
        BinaryPrimitives.WriteUInt32BigEndian(request, (uint)name.Length);
        name.CopyTo(request, sizeof(uint));
        Span<byte> wanted = request.AsSpan(sizeof(uint) + name.Length);
        BinaryPrimitives.WriteUInt16BigEndian(wanted, 1);
        BinaryPrimitives.WriteUInt16BigEndian(wanted[sizeof(ushort)..], NbdProtocol.BlockSizeInformation);
        SendOption(NbdOption.Go, request);
        (ulong LengthBytes, ushort Flags)? export = null;
        NbdBlockSizes? sizes = null;
        for (int replies = 0; replies < RepliesMax; replies++)
        {
            (uint type, int length) = ReceiveReply(NbdOption.Go);
            if (type == NbdProtocol.Acknowledged && length == 0)
            {
                return export is { } told
                    ? NbdExport.Check(told.LengthBytes, told.Flags, sizes, isStructured)
                    : throw new NbdProtocolException("it does not tell the size of the export");
            }
            if (type != NbdProtocol.Information) throw Refused(NbdOption.Go, type, length);
            TakeInformation(_reply.AsSpan(0, length), ref export, ref sizes);
        }
        throw new NbdProtocolException(Text($"it answers an option by more than {RepliesMax} messages"));
    }

    private static void TakeInformation(
        ReadOnlySpan<byte> information, ref (ulong LengthBytes, ushort Flags)? export, ref NbdBlockSizes? sizes)
    {
        if (information.Length < sizeof(ushort)) throw new NbdProtocolException("it tells nothing in an answer");
        ushort kind = BinaryPrimitives.ReadUInt16BigEndian(information);
        int expected = kind switch
        {
            NbdProtocol.ExportInformation => ExportInformationBytes,
            NbdProtocol.BlockSizeInformation => BlockSizeInformationBytes,
            _ => information.Length,        // of another kind, which was not asked for and is allowed
        };
        if (information.Length != expected)
            throw new NbdProtocolException(Text($"it tells information {kind} in {information.Length} bytes"));
        ReadOnlySpan<byte> fields = information[sizeof(ushort)..];
        if (kind == NbdProtocol.ExportInformation)
        {
            export = (BinaryPrimitives.ReadUInt64BigEndian(fields), BinaryPrimitives.ReadUInt16BigEndian(fields[8..]));
        }
        else if (kind == NbdProtocol.BlockSizeInformation)
        {
            sizes = new NbdBlockSizes(BinaryPrimitives.ReadUInt32BigEndian(fields),
                BinaryPrimitives.ReadUInt32BigEndian(fields[4..]), BinaryPrimitives.ReadUInt32BigEndian(fields[8..]));
        }
    }

    private void SendOption(NbdOption option, ReadOnlySpan<byte> data)
    {
        byte[] message = new byte[OptionHeaderBytes + data.Length];
        BinaryPrimitives.WriteUInt64BigEndian(message, NbdProtocol.OptionMagic);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(8), (uint)option);
        BinaryPrimitives.WriteUInt32BigEndian(message.AsSpan(12), (uint)data.Length);
        data.CopyTo(message.AsSpan(OptionHeaderBytes));
        _link.SendInTime(message);
    }

    /// <summary>Receives an answer, its content into the buffer.</summary>
    private (uint Type, int LengthBytes) ReceiveReply(NbdOption option)
    {
        Span<byte> header = stackalloc byte[OptionReplyHeaderBytes];
        _link.ReceiveInTime(header);
        ulong magic = BinaryPrimitives.ReadUInt64BigEndian(header);
        uint answered = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[16..]);
        if (magic != NbdProtocol.OptionReplyMagic)
            throw new NbdProtocolException(Text($"it sent 0x{magic:x16} where the answer to an option begins"));
        if (answered != (uint)option)
            throw new NbdProtocolException(Text($"it answered option {answered} instead of {(uint)option}"));
        if (length > _reply.Length)
            throw new NbdProtocolException(Text($"it announced an answer of {length} bytes to option {(uint)option}"));
        _link.ReceiveInTime(_reply.AsSpan(0, (int)length));
        return (BinaryPrimitives.ReadUInt32BigEndian(header[12..]), (int)length);
    }

    private NbdProtocolException Refused(NbdOption option, uint type, int length)
    {
        string why = type switch
        {
            NbdProtocol.OptionUnsupported => $"it does not know {Describe(option)}",
            NbdProtocol.OptionForbidden => $"it refuses {Describe(option)}",
            NbdProtocol.OptionNeedsTls => "it serves only encrypted connections: nbds:// is needed",
            NbdProtocol.OptionUnknownExport => $"it has no export '{_address.Export}'",
            NbdProtocol.OptionShutdown => "it is shutting down",
            NbdProtocol.OptionNeedsBlockSize => "it needs block sizes that this client has not",
            _ => Text($"it answered {Describe(option)} by 0x{type:x}"),
        };
        string words = (type & NbdProtocol.OptionErrorBit) == 0 ? "" : NbdText.Printable(_reply.AsSpan(0, length));
        return new NbdProtocolException(words.Length == 0 ? why : $"{why} ({words})");
    }

    private static string Describe(NbdOption option) => option switch
    {
        NbdOption.StartTls => "TLS",
        NbdOption.Go => "NBD_OPT_GO",
        NbdOption.StructuredReply => "structured replies",
        _ => option.ToString(),
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
