// SPDX-License-Identifier: BSD-3-Clause
using System.Threading;
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Devices.Claims;

/// <summary>
/// A volume that other machines can reach. To be written it is claimed by this process: nothing is written to it once
/// the claim is lost, or a copy of the header is not the one that this process left there.
/// </summary>
/// <remarks>A device that lost its claim is not read either: its blocks are another writer's now.</remarks>
internal sealed class ClaimedBlockDevice : IBlockDevice, IIdentifiedDevice
{
    private readonly IBlockDevice _device;
    private readonly MediaUuid _filesystemId;
    private readonly ClaimOptions _options;
    private readonly ILogger _logger;
    private Writing? _writing;

    /// <summary>A volume that is read until <see cref="Claim"/> or <see cref="BeginWriting"/>.</summary>
    /// <param name="device">The volume, which belongs to this one from now on.</param>
    /// <param name="filesystemId">Its filesystem.</param>
    /// <param name="options">The writer, and how it waits.</param>
    /// <param name="logger">Receives what becomes of the claim.</param>
    public ClaimedBlockDevice(
        IBlockDevice device, in MediaUuid filesystemId, ClaimOptions options, ILogger logger)
    {
        _device = device;
        _filesystemId = filesystemId;
        _options = options;
        _logger = logger;
    }

    /// <inheritdoc/>
    public string Name => _device.Name;

    /// <inheritdoc/>
    public long LengthBytes => _device.LengthBytes;

    /// <inheritdoc/>
    public int SectorBytes => _device.SectorBytes;

    /// <inheritdoc/>
    public bool IsReadOnly => _device.IsReadOnly || Volatile.Read(ref _writing) is null;

    /// <inheritdoc/>
    public string? Failure => _device.Failure ?? _writing?.Claim.Loss;

    /// <inheritdoc/>
    public string? Unsettled => _device.Unsettled;

    /// <inheritdoc/>
    public DeviceIdentity? Identity => (_device as IIdentifiedDevice)?.Identity;

    /// <inheritdoc/>
    public bool CanBeWritten => _device.CanBeWritten;

    /// <summary>Claims the volume, which is open for writing.</summary>
    /// <exception cref="DeviceBusyException">Another writer has it, or its mark cannot be written.</exception>
    public void Claim()
    {
        WriterClaim claim = WriterClaim.Take(_device, _filesystemId, _options, _logger);
        Volatile.Write(ref _writing, new Writing(claim, new KnownHeaders(_device)));
    }

    /// <inheritdoc/>
    public void BeginWriting()
    {
        if (!IsReadOnly) return;
        _device.BeginWriting();
        bool isClaimed = false;
        try
        {
            Claim();
            isClaimed = true;
        }
        finally
        {
            if (!isClaimed) _device.EndWriting();
        }
    }

    /// <inheritdoc/>
    public void EndWriting()
    {
        if (Interlocked.Exchange(ref _writing, null) is not { } writing) return;
        writing.Claim.Release();
        writing.Claim.Join();
        _device.EndWriting();
    }

    /// <inheritdoc/>
    public long Remeasure() => _device.Remeasure();

    /// <inheritdoc/>
    public Hammer2Error Read(long offset, Span<byte> destination) =>
        _writing?.Claim.Loss is null ? _device.Read(offset, destination) : Hammer2Error.Io;

    /// <inheritdoc/>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
    {
        Hammer2Error refusal = Admit(out Writing? writing);
        if (refusal != Hammer2Error.None) return refusal;
        return writing!.Headers.Has(offset, source.Length)
            ? WriteHeader(writing, offset, source) : _device.Write(offset, source);
    }

    /// <inheritdoc/>
    public Hammer2Error WriteUncached(long offset, ReadOnlySpan<byte> source)
    {
        Hammer2Error refusal = Admit(out _);
        return refusal == Hammer2Error.None ? _device.WriteUncached(offset, source) : refusal;
    }

    /// <inheritdoc/>
    public void ForgetCached(long offset, long lengthBytes) => _device.ForgetCached(offset, lengthBytes);

    /// <inheritdoc/>
    public Hammer2Error Flush()
    {
        if (IsReadOnly) return Hammer2Error.None;
        Hammer2Error refusal = Admit(out _);
        return refusal == Hammer2Error.None ? _device.Flush() : refusal;
    }

    /// <inheritdoc/>
    public Hammer2Error Discard(long offset, long lengthBytes)
    {
        Hammer2Error refusal = Admit(out _);
        return refusal == Hammer2Error.None ? _device.Discard(offset, lengthBytes) : refusal;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Writing? writing = Interlocked.Exchange(ref _writing, null);
        writing?.Claim.Release();
        _device.Dispose();
        writing?.Claim.Join();
    }

    private Hammer2Error Admit(out Writing? writing)
    {
        writing = Volatile.Read(ref _writing);
        if (writing is null) return Hammer2Error.ReadOnly;
        return writing.Claim.IsHeld() ? Hammer2Error.None : Hammer2Error.Io;
    }

    private Hammer2Error WriteHeader(Writing writing, long offset, ReadOnlySpan<byte> source)
    {
        if (writing.Headers.IsForeign(offset))
        {
            writing.Claim.GiveUp("another program wrote the volume header at 0x" + offset.ToString("x", null));
            return Hammer2Error.Io;
        }
        Hammer2Error error = _device.Write(offset, source);
        writing.Headers.Written(offset, error == Hammer2Error.None ? source : default);
        return error;
    }

    private sealed record Writing(WriterClaim Claim, KnownHeaders Headers);
}
