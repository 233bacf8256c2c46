// SPDX-License-Identifier: BSD-3-Clause
using Hammer2.Format;
using Microsoft.Extensions.Logging;

namespace Hammer2.Devices.Claims;

/// <summary>
/// A volume that other machines can reach, claimed by this process: nothing is written to it once the claim is lost, or
/// a copy of the header is not the one that this process left there.
/// </summary>
/// <remarks>A device that lost its claim is not read either: its blocks are another writer's now.</remarks>
internal sealed class ClaimedBlockDevice : IBlockDevice, IIdentifiedDevice
{
    private readonly IBlockDevice _device;
    private readonly WriterClaim _claim;
    private readonly KnownHeaders _headers;

    private ClaimedBlockDevice(IBlockDevice device, WriterClaim claim)
    {
        _device = device;
        _claim = claim;
        _headers = new KnownHeaders(device);
    }

    /// <inheritdoc/>
    public string Name => _device.Name;

    /// <inheritdoc/>
    public long LengthBytes => _device.LengthBytes;

    /// <inheritdoc/>
    public int SectorBytes => _device.SectorBytes;

    /// <inheritdoc/>
    public bool IsReadOnly => _device.IsReadOnly;

    /// <inheritdoc/>
    public string? Failure => _device.Failure ?? _claim.Loss;

    /// <inheritdoc/>
    public string? Unsettled => _device.Unsettled;

    /// <inheritdoc/>
    public DeviceIdentity? Identity => (_device as IIdentifiedDevice)?.Identity;

    /// <summary>Claims a volume.</summary>
    /// <param name="device">The volume, which belongs to the result from then on.</param>
    /// <param name="filesystemId">Its filesystem.</param>
    /// <param name="options">The writer, and how it waits.</param>
    /// <param name="logger">Receives what becomes of the claim.</param>
    /// <exception cref="DeviceBusyException">Another writer has it, or its mark cannot be written.</exception>
    public static ClaimedBlockDevice Take(
        IBlockDevice device, in MediaUuid filesystemId, ClaimOptions options, ILogger logger) =>
        new(device, WriterClaim.Take(device, filesystemId, options, logger));

    /// <inheritdoc/>
    public long Remeasure() => _device.Remeasure();

    /// <inheritdoc/>
    public Hammer2Error Read(long offset, Span<byte> destination) =>
        _claim.Loss is null ? _device.Read(offset, destination) : Hammer2Error.Io;

    /// <inheritdoc/>
    public Hammer2Error Write(long offset, ReadOnlySpan<byte> source)
    {
        if (!_claim.IsHeld()) return Hammer2Error.Io;
        return _headers.Has(offset, source.Length) ? WriteHeader(offset, source) : _device.Write(offset, source);
    }

    /// <inheritdoc/>
    public Hammer2Error WriteUncached(long offset, ReadOnlySpan<byte> source) =>
        _claim.IsHeld() ? _device.WriteUncached(offset, source) : Hammer2Error.Io;

    /// <inheritdoc/>
    public void ForgetCached(long offset, long lengthBytes) => _device.ForgetCached(offset, lengthBytes);

    /// <inheritdoc/>
    public Hammer2Error Flush() => _claim.IsHeld() ? _device.Flush() : Hammer2Error.Io;

    /// <inheritdoc/>
    public Hammer2Error Discard(long offset, long lengthBytes) =>
        _claim.IsHeld() ? _device.Discard(offset, lengthBytes) : Hammer2Error.Io;

    /// <inheritdoc/>
    public void Dispose()
    {
        _claim.Release();
        _device.Dispose();
        _claim.Join();
    }

    private Hammer2Error WriteHeader(long offset, ReadOnlySpan<byte> source)
    {
        if (_headers.IsForeign(offset))
        {
            _claim.GiveUp("another program wrote the volume header at 0x" + offset.ToString("x", null));
            return Hammer2Error.Io;
        }
        Hammer2Error error = _device.Write(offset, source);
        _headers.Written(offset, error == Hammer2Error.None ? source : default);
        return error;
    }
}
