// SPDX-License-Identifier: BSD-3-Clause
namespace Hammer2.Devices.Nbd;

/// <summary>The requests of one connection, and which of them a reply belongs to.</summary>
internal sealed class NbdRequestTable
{
    /// <summary>How many can be in flight.</summary>
    public const int RequestsMax = 64;

    private readonly NbdRequest[] _requests = new NbdRequest[RequestsMax];

    /// <summary>A table of requests that are not in use.</summary>
    public NbdRequestTable()
    {
        for (int index = 0; index < _requests.Length; index++) _requests[index] = new NbdRequest(index);
    }

    /// <summary>All of them.</summary>
    public ReadOnlySpan<NbdRequest> All => _requests;

    /// <summary>The request in a place.</summary>
    public NbdRequest this[int index] => _requests[index];

    /// <summary>The request that waits for a reply with this number; null when none does.</summary>
    public NbdRequest? Find(ulong cookie)
    {
        int index = NbdRequest.IndexOf(cookie);
        return index < RequestsMax && _requests[index].IsAwaited(cookie) ? _requests[index] : null;
    }
}
